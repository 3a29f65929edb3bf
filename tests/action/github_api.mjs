// The part of GitHub's REST API that the Action asks for, on the loopback interface.
import { createServer } from "node:http";

// Serves a repository with `comments` ({id, body, user}) on each pull request and open `pulls`.
// `refuse(request)` may return [status, answer] instead, where a string is sent as it is. Returns {url, requests, comments, close}.
export async function serveApi({ comments = [], pulls = [], user = null, refuse = () => false } = {}) {
  const requests = [];
  const server = createServer((message, response) => {
    let text = "";
    message.on("data", (chunk) => (text += chunk));
    message.on("end", () => {
      const url = new URL(message.url, "http://api");
      const request = {
        method: message.method,
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        token: message.headers.authorization,
        body: text === "" ? null : JSON.parse(text).body,
      };
      requests.push(request);
      const [status, answer] = refuse(request) || respond(request);
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(typeof answer === "string" ? answer : JSON.stringify(answer));
    });
  });

  function respond({ method, path, query, body }) {
    if (method === "GET" && path === "/user") {
      return user ? [200, user] : [403, { message: "Resource not accessible by integration" }];
    }
    if (method === "GET" && path === "/repos/them/shop/pulls") {
      return [200, pulls.filter((one) => one.label === query.head)];
    }
    if (method === "GET" && /^\/repos\/them\/shop\/issues\/\d+\/comments$/.test(path)) {
      const size = Number(query.per_page ?? 30);
      const first = (Number(query.page ?? 1) - 1) * size;
      return [200, comments.slice(first, first + size)];
    }
    if (method === "POST" && /^\/repos\/them\/shop\/issues\/\d+\/comments$/.test(path)) {
      const made = { id: 900 + comments.length, body, user: bot };
      comments.push(made);
      return [201, made];
    }
    const comment = /^\/repos\/them\/shop\/issues\/comments\/(\d+)$/.exec(path);
    const found = comment && comments.find((one) => one.id === Number(comment[1]));
    if (method === "PATCH" && found) {
      found.body = body;
      return [200, found];
    }
    return [404, { message: "Not Found" }];
  }

  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    comments,
    close: () => new Promise((closed) => server.close(closed)),
  };
}

export const bot = { login: "github-actions[bot]", type: "Bot" };
