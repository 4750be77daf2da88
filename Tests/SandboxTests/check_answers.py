#!/usr/bin/env python3
"""Holds the sandbox against Shopify's published schema.

    pip install graphql-core
    check_answers.py SCHEMA.graphql OURS.graphql CASES.json

OURS is the sandbox's own part of the schema: every type, field, argument and enum value in it must stand in SCHEMA with the
same type. CASES is a list of {"name", "query", "variables", "answer"}: each query must be valid against SCHEMA, and each
answer must have exactly the members that were asked for, each of the type, nullability and enum value that SCHEMA says.
Prints every fault, and ends with 1 if there was one.
"""
import json
import re
import sys

from graphql import build_schema, parse, validate
from graphql.language import ast
from graphql.type import (is_composite_type, is_enum_type, is_input_object_type, is_list_type, is_non_null_type,
                          is_object_type, is_union_type)

faults = []
SCALARS = {
    "ID": lambda v: isinstance(v, str) and v.startswith("gid://shopify/"),
    "String": lambda v: isinstance(v, str),
    "FormattedString": lambda v: isinstance(v, str),
    "Int": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "Float": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "Boolean": lambda v: isinstance(v, bool),
    "URL": lambda v: isinstance(v, str) and re.match(r"https?://\S+$", v),
    "DateTime": lambda v: isinstance(v, str) and re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", v),
    "Decimal": lambda v: isinstance(v, str) and re.match(r"-?\d+\.\d+$", v),
    "Money": lambda v: isinstance(v, str) and re.match(r"-?\d+\.\d+$", v),
    "UnsignedInt64": lambda v: isinstance(v, str) and v.isdigit(),
}


def compare(real, ours):
    for name, mine in ours.type_map.items():
        if name.startswith("__"):
            continue
        theirs = real.type_map.get(name)
        if theirs is None:
            faults.append(f"schema: there is no type {name}")
            continue
        if is_enum_type(mine):
            extra = set(mine.values) - set(theirs.values)
            if extra:
                faults.append(f"schema: {name} has no {sorted(extra)}")
        elif is_union_type(mine):
            # Which members there are differs between versions; the sandbox has those that it answers with.
            extra = {t.name for t in mine.types} - {t.name for t in theirs.types}
            if extra:
                faults.append(f"schema: {name} has no {sorted(extra)}")
        elif hasattr(mine, "fields"):
            for field, definition in mine.fields.items():
                other = theirs.fields.get(field)
                if other is None or str(other.type) != str(definition.type):
                    faults.append(f"schema: {name}.{field}: {definition.type} is {other and other.type}")
                    continue
                for argument, wanted in getattr(definition, "args", {}).items():
                    known = other.args.get(argument)
                    if known is None or str(known.type) != str(wanted.type):
                        faults.append(f"schema: {name}.{field}({argument}: {wanted.type}) is {known and known.type}")
                required = [a for a, d in getattr(other, "args", {}).items() if is_non_null_type(d.type)]
                if any(a not in definition.args for a in required):
                    faults.append(f"schema: {name}.{field} lacks a required argument")
            if is_input_object_type(mine):
                lacking = [f for f, d in theirs.fields.items() if is_non_null_type(d.type) and f not in mine.fields]
                if lacking:
                    faults.append(f"schema: {name} lacks {lacking}")


class Checker:
    def __init__(self, schema, case):
        self.schema, self.case = schema, case
        document = parse(case["query"])
        self.fragments = {d.name.value: d for d in document.definitions if isinstance(d, ast.FragmentDefinitionNode)}
        self.operation = next(d for d in document.definitions if isinstance(d, ast.OperationDefinitionNode))
        for error in validate(schema, document):
            self.fault("query", error.message)

    def fault(self, path, words):
        faults.append(f"{self.case['name']}: {path}: {words}")

    def gather(self, sets, kind):
        fields = {}
        for selections in sets:
            for x in selections.selections:
                if isinstance(x, ast.FieldNode):
                    fields.setdefault(x.alias.value if x.alias else x.name.value, []).append(x)
                    continue
                if isinstance(x, ast.FragmentSpreadNode):
                    x = self.fragments[x.name.value]
                condition = x.type_condition.name.value if x.type_condition else kind.name
                other = self.schema.type_map[condition]
                if other is kind or (not is_object_type(other) and self.schema.is_sub_type(other, kind)):
                    for key, nodes in self.gather([x.selection_set], kind).items():
                        fields.setdefault(key, []).extend(nodes)
        return fields

    def value(self, value, kind, nodes, path):
        if is_non_null_type(kind):
            if value is None:
                return self.fault(path, f"is null, must be {kind}")
            return self.value(value, kind.of_type, nodes, path)
        if value is None:
            return None
        if is_list_type(kind):
            if not isinstance(value, list):
                return self.fault(path, f"is no list, must be {kind}")
            for index, item in enumerate(value):
                self.value(item, kind.of_type, nodes, f"{path}[{index}]")
            return None
        if is_composite_type(kind):
            if not isinstance(value, dict):
                return self.fault(path, f"is no object, must be {kind}")
            return self.object(value, kind, [n.selection_set for n in nodes], path)
        if is_enum_type(kind):
            if value not in kind.values:
                self.fault(path, f"{value!r} is no {kind}")
        elif not SCALARS.get(kind.name, lambda v: True)(value):
            self.fault(path, f"{value!r} is no {kind}")
        return None

    def concrete(self, value, kind):
        """The object's type: by __typename, by its id, or the only one there can be."""
        if is_object_type(kind):
            return kind
        name = value.get("__typename") or (re.match(r"gid://shopify/(\w+)/", value.get("id", "")) or [None, None])[1]
        if name:
            return self.schema.type_map[name]
        possible = [t for t in self.schema.get_possible_types(kind) if set(self.gather_names(t)) == set(value)]
        return possible[0] if possible else self.schema.get_possible_types(kind)[0]

    def gather_names(self, kind):
        return self.gather(self.current, kind)

    def object(self, value, kind, sets, path):
        self.current = sets
        kind = self.concrete(value, kind)
        fields = self.gather(sets, kind)
        if list(value) != list(fields):
            self.fault(path, f"has {list(value)}, must have {list(fields)}")
        for key, nodes in fields.items():
            name = nodes[0].name.value
            if name == "__typename":
                if value.get(key) != kind.name:
                    self.fault(path, f"__typename is {value.get(key)}")
            elif key in value:
                self.value(value[key], kind.fields[name].type, nodes, f"{path}.{key}")

    def run(self):
        answer = self.case["answer"]
        if "errors" in answer:
            self.fault("answer", answer["errors"])
        root = self.schema.query_type if self.operation.operation.value == "query" else self.schema.mutation_type
        self.object(answer.get("data") or {}, root, [self.operation.selection_set], "data")
        cost = answer["extensions"]["cost"]
        if not (0 <= cost["actualQueryCost"] <= cost["requestedQueryCost"] <= 1000):
            self.fault("cost", cost)


real = build_schema(open(sys.argv[1]).read(), assume_valid=True)
ours = build_schema(open(sys.argv[2]).read() + "\nschema { query: QueryRoot mutation: Mutation }", assume_valid=True)
cases = json.load(open(sys.argv[3]))
compare(real, ours)
for case in cases:
    Checker(real, case).run()
print(f"{len(ours.type_map)} types, {len(cases)} answers, {len(faults)} faults")
for fault in faults[:60]:
    print("  ", fault)
sys.exit(1 if faults or not cases else 0)
