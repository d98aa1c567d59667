/** The page's deeds: each is a request to the stand-ins, which make a signed webhook of it. */

import { notify } from "./notices.js";

/** What the gateway answered, as {status, body}; what went wrong is told to the person. */
export async function post(path, body) {
  const answer = await send("POST", path, body);
  if (answer.status >= 300) notify(told(answer));
  return answer;
}

/** The same without telling what the stand-ins refuse. */
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
    return { status: response.status, body: "the sandbox itself refused" };
  }
  return response.json();
}

/** Whether the gateway took it. */
export const taken = (answer) => answer.status >= 200 && answer.status < 300;

function told({ status, body }) {
  if (status === 409) return `Not possible: ${body}.`;
  if (status === 599) return `Nothing happened: ${body}`;
  if (status === 504) return "Clerk did not answer within three seconds.";
  if (status === 503) return "Clerk could not take it (503): its queue can't be reached.";
  return `Clerk answered ${status}${body ? `: ${body}` : ""}.`;
}
