enum LiquidPlaceholder {}
