enum OutreachPlaceholder {}
