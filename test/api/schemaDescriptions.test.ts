import {
  buildSchema,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { expect, test } from 'vitest';

import { typeDefs } from '../../src/generated/typeDefs.ts';

type DescribedPart = [name: string, description: unknown];

const types = Object.values(buildSchema(typeDefs).getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
);

const elements = described('', types).concat(types.flatMap(elementsOf));

function elementsOf(type: GraphQLNamedType): DescribedPart[] {
  if (isEnumType(type)) return described(type.name, type.getValues());
  if (isInputObjectType(type)) return described(type.name, Object.values(type.getFields()));
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  const fields = Object.values(type.getFields());
  const args = fields.flatMap((field) => described(`${type.name}.${field.name}:`, field.args));
  return described(type.name, fields).concat(args);
}

function described(owner: string, members: readonly { name: string; description?: unknown }[]): DescribedPart[] {
  return members.map(({ name, description }) => [owner === '' ? name : `${owner}.${name}`, description]);
}

test('the schema describes every type, field, argument, input field and enum value', () => {
  expect(elements.length).toBeGreaterThan(100);
  expect(
    elements.filter(([, description]) => typeof description !== 'string' || description.trim().length < 5),
  ).toEqual([]);
});

test('the schema describes no two members of a type in the same words', () => {
  const descriptions = elements.map(([name, description]) => `${name.split('.')[0]}: ${String(description)}`);
  const members = descriptions.filter((_, index) => /^[^:]+\.[^:]+$/.test(elements[index]?.[0] ?? ''));
  expect(members.filter((text, index) => members.indexOf(text) !== index)).toEqual([]);
});
