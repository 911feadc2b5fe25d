import { describe, expect, it } from "vitest";
import { createAdminApi } from "./adminApi.ts";

/** Requests in the order they were made. */
function recording() {
  const asked: string[] = [];
  const api = createAdminApi({
    origin: "https://door.example",
    fetch: async (input, init) => {
      asked.push(`${init?.method ?? "GET"} ${new Request(input).url}`);
      return Response.json({ ok: true, data: { approved: true, requestId: "r1" } });
    },
  });
  return { asked, api };
}

describe("what an admin asks the door for", () => {
  it("names the user, whoever gave the id, and the request", async () => {
    const { asked, api } = recording();
    await api.approveDevice("service:customer-0042@eu-west", "r1");
    expect(asked).toEqual([
      "POST https://door.example/web/admin/users/service%3Acustomer-0042%40eu-west/devices/r1/approve",
    ]);
  });

  it.each([
    ["../../x", "r1"],
    ["u1", "../stop"],
    ["", "r1"],
  ])("asks nothing for an id that is none: %j %j", async (userId, requestId) => {
    const { asked, api } = recording();
    await expect(async () => api.approveDevice(userId, requestId)).rejects.toThrow(/an? (?:user )?id is/);
    expect(asked).toEqual([]);
  });
});
