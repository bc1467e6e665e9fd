import { type DocumentNode, type FieldDefinitionNode, type GraphQLSchema, isObjectType, Kind, visit } from 'graphql';

/** The names in `@tag` of fields whose values no cache in front of the gateway may store. */
const UNSTORABLE_TAGS: ReadonlySet<string> = new Set(['secret', 'operations']);

/**
 * The names of the fields whose values must not be stored by caches in front of the gateway: secrets, and what describes the gateway
 * itself at this moment. The schema marks them with `@tag`.
 */
export function unstorableFields(schema: GraphQLSchema): ReadonlySet<string> {
  const fields = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) ? Object.values(type.getFields()) : [],
  );
  return new Set(fields.filter(({ astNode }) => isUnstorable(astNode)).map(({ name }) => name));
}

function isUnstorable(field: FieldDefinitionNode | null | undefined): boolean {
  const tags = (field?.directives ?? []).filter(({ name }) => name.value === 'tag');
  return tags.some(
    ({ arguments: [name] = [] }) => name?.value.kind === Kind.STRING && UNSTORABLE_TAGS.has(name.value.value),
  );
}

/** Whether a document selects one of the fields, under whatever alias, in any of its operations and fragments. */
export function selectsAny(document: DocumentNode, fields: ReadonlySet<string>): boolean {
  let isSelected = false;
  visit(document, {
    Field({ name }) {
      isSelected ||= fields.has(name.value);
    },
  });
  return isSelected;
}
