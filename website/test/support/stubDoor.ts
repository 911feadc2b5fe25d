import { EventEmitter, once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { errorBody, okBody } from "@oa/contract/envelope";
import { ApiError } from "@oa/contract/errors";
import { REQUEST_ID_HEADER } from "@oa/contract/headers";
import { API_PATHS } from "@oa/contract/worker";
import type { Answer } from "./staticServer.ts";

const USER = { user_id: "u1", email: "ada@example.com", created_at: 0 };
export const PASSWORD = "correct horse battery staple";

/**
 * A door of which a page needs little: one account, one session without a cookie. There is no Convex behind it, so that
 * private pages stay in their loading state.
 */
export class StubDoor {
  signedIn = false;
  /** Makes the next sign-out be answered only when a page has heard of it by a refused call. */
  answersSignOutLate = false;
  readonly #refused = new EventEmitter();

  /** The answer function of a server; paths outside `/web` and `/api` are left to it. */
  readonly answer: Answer = (request, response) => {
    const path = request.url ?? "/";
    if (!path.startsWith("/web/") && !path.startsWith("/api/")) return false;
    void this.#respond(request, response);
    return true;
  };

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const origin = `http://${request.headers.host ?? ""}`;
    try {
      const call = `${request.method ?? ""} ${request.url ?? ""}`;
      const data = this.#data(call, origin, await bodyOf(request));
      if (this.answersSignOutLate && call === `POST ${API_PATHS.webSignOut}`) await once(this.#refused, "call");
      send(response, 200, okBody(data));
    } catch (error) {
      const refusal = error instanceof ApiError ? error : new ApiError("internal", String(error));
      send(response, refusal.status, errorBody(refusal));
      if (refusal.code === "unauthorized") this.#refused.emit("call");
    }
  }

  #data(call: string, origin: string, body: string): unknown {
    const user = this.signedIn ? USER : null;
    switch (call) {
      case `GET ${API_PATHS.webConfig}`:
        return { convex_url: origin, doubles: [], sign_in_with: [], mail: false, inference: true, outbox_url: null };
      case `GET ${API_PATHS.webSession}`:
        return { user };
      case `POST ${API_PATHS.webSignUp}`:
        throw new ApiError("taken", "There is an account with this e-mail.");
      case `POST ${API_PATHS.webSignIn}`:
        if (!body.includes(PASSWORD)) throw new ApiError("unauthorized", "The e-mail or the password is wrong.");
        this.signedIn = true;
        return { user: USER };
      case `POST ${API_PATHS.webSignOut}`:
        this.signedIn = false;
        return { user: null };
      default:
        if (user === null) throw new ApiError("unauthorized", "Sign in first.");
        throw new ApiError("control_unreachable", "There is nothing behind this door.");
    }
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json", [REQUEST_ID_HEADER]: "req_stub" });
  response.end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}
