/** The page's actions: each is a request to the stand-ins, which send a signed webhook for it. */

import { notify } from "./notices.js";

/** The gateway's answer, as {status, body}; the page notifies the person of a failure. */
export async function post(path, body) {
  const answer = await send("POST", path, body);
  if (answer.status >= 300) notify(told(answer));
  return answer;
}

/** The same, without the notice. */
export async function send(method, path, body) {
  let response;
  try {
    response = await fetch(`/sandbox/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    return { status: 599, body: "the sandbox does not answer. Is Clerk still running?" };
  }
  if (!response.ok && response.status !== 409) {
    return { status: response.status, body: "the sandbox refused the request" };
  }
  return response.json();
}

/** Whether the gateway accepted it. */
export const taken = (answer) => answer.status >= 200 && answer.status < 300;

function told({ status, body }) {
  if (status === 409) return `Not possible: ${body}.`;
  if (status === 599) return `Nothing happened: ${body}`;
  if (status === 504) return "Clerk did not answer within three seconds.";
  if (status === 503) return "Clerk could not accept it (503): it can't reach its queue.";
  return `Clerk answered ${status}${body ? `: ${body}` : ""}.`;
}
