// Asks two questions of the README, checked by the types that openapi-typescript generates.

import createClient from "openapi-fetch";
import type { components, paths } from "./api.ts";

declare const process: { argv: string[] };

const client = createClient<paths, "application/json" | "application/problem+json">({ baseUrl: process.argv[2] });

const procurements = await client.GET("/v1/commitments", {
  params: { query: { initiative: ["compact"], kind: ["procurement"] } },
});
if (procurements.error) throw new Error(procurements.error.detail);
const promised: components["schemas"]["Commitment"][] = procurements.data.data;
for (const { id, quantity, equipment } of promised) console.log(id, quantity, equipment);

const minerals = await client.GET("/v1/minerals", { params: { query: { used_in: ["semiconductors"] } } });
if (minerals.error) throw new Error(minerals.error.detail);
for (const { id, symbol, uses } of minerals.data.data) console.log(id, symbol, uses);

function check(found: { id: string }[], expected: string[]): void {
  const ids = found.map((one) => one.id).sort();
  if (ids.join() !== expected.sort().join()) throw new Error(`${ids} instead of ${expected}`);
}

check(promised, ["acquire-javelin", "acquire-stryker", "acquire-p-8i"]);
check(minerals.data.data, ["gallium", "indium"]);
