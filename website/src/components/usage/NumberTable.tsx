import { Table } from "@mantine/core";
import type { PropsWithChildren } from "react";

/** A table whose first column is a name and whose others are numbers. Children are rows. */
export function NumberTable({
  label,
  columns,
  children,
}: PropsWithChildren<{ label: string; columns: readonly string[] }>) {
  return (
    <Table aria-label={label} verticalSpacing="xs" horizontalSpacing={6}>
      <Table.Thead>
        <Table.Tr>
          {columns.map((column, index) => (
            <Table.Th key={column} scope="col" {...(index === 0 ? {} : { ta: "right" as const })}>
              {column}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>{children}</Table.Tbody>
    </Table>
  );
}

/** Digits of one width, never broken over two lines. */
NumberTable.Cell = function NumberCell({ children }: PropsWithChildren) {
  return (
    <Table.Td ta="right" style={{ fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" }}>
      {children}
    </Table.Td>
  );
};
