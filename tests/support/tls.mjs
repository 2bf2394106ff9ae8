// The Worker behind TLS, for clients that speak to nothing else: as it stands behind Cloudflare's edge.

import http from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Serves what is at `target()` on a port of its own, with the certificate in the folder. */
export async function terminate(folder, target) {
  const files = { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) };
  const server = https.createServer(files, (asked, answer) => {
    const { method, url, headers } = asked;
    const passed = http.request(target() + url, { method, headers: { ...headers, 'x-forwarded-proto': 'https' } }, (given) => {
      answer.writeHead(given.statusCode, given.rawHeaders);
      given.pipe(answer);
    });
    passed.on('error', () => answer.writeHead(502).end());
    asked.pipe(passed);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
