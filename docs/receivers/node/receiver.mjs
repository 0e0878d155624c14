// Takes webhooks, once each: node receiver.mjs DATABASE PORT (Node 22.13 or later, for node:sqlite), with the secrets in
// WEBHOOK_SECRETS, parted by blanks: whsec_… that it shares with the sender, or whpk_…, the sender's public key.
import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';

const windowSeconds = 300;
const maxBody = 1 << 20;

// Standard base64 behind the prefix; anything else stops the program.
function bytesOf(secret, prefix) {
  const bytes = Buffer.from(secret.slice(prefix.length), 'base64');
  // Buffer.from() takes whatever it can make something of.
  if (secret !== prefix + bytes.toString('base64') || bytes.length === 0)
    throw new Error('a secret is not whsec_<base64> or whpk_<base64>');
  return bytes;
}

// Whether a token of webhook-signature is the secret's, of v1a (Ed25519) or v1 (HMAC-SHA256).
function checkOf(secret) {
  if (secret.startsWith('whpk_')) {
    const x = bytesOf(secret, 'whpk_').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return (token, content) =>
      token.startsWith('v1a,') && verify(null, content, key, Buffer.from(token.slice('v1a,'.length), 'base64'));
  }
  const key = bytesOf(secret, 'whsec_');
  return (token, content) => {
    const expected = Buffer.from(`v1,${createHmac('sha256', key).update(content).digest('base64')}`);
    const given = Buffer.from(token);
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
}

function isGenuine(checks, headers, body, now) {
  const id = headers['webhook-id'];
  const sentAt = headers['webhook-timestamp'];
  if (!id || !/^[0-9]{1,12}$/.test(sentAt ?? '') || Math.abs(now - Number(sentAt)) > windowSeconds) return false;
  const content = Buffer.concat([Buffer.from(`${id}.${sentAt}.`), body]);
  const tokens = (headers['webhook-signature'] ?? '').split(' ');
  return checks.some((check) => tokens.some((token) => check(token, content)));
}

// Remembers each webhook-id in the transaction that does the work, so that neither is there without the other.
class Inbox {
  constructor(path) {
    this.database = new DatabaseSync(path);
    this.database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA busy_timeout = 10000;
      CREATE TABLE IF NOT EXISTS seen (webhook_id TEXT PRIMARY KEY, seen_at INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS alerts (webhook_id TEXT NOT NULL, body BLOB NOT NULL);`);
    this.remember = this.database.prepare('INSERT OR IGNORE INTO seen VALUES (?, ?)');
    this.work = this.database.prepare('INSERT INTO alerts VALUES (?, ?)'); // your own work stands here
  }

  take(id, body, now) {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      if (this.remember.run(id, Math.floor(now)).changes === 1) this.work.run(id, body);
      this.database.exec('COMMIT');
    } catch (error) {
      this.database.exec('ROLLBACK');
      throw error;
    }
  }
}

// The raw body: what a framework has parsed and written anew no longer fits the signature. null: it is too large.
async function bodyOf(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > maxBody) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const [database, port] = process.argv.slice(2);
const checks = process.env.WEBHOOK_SECRETS.split(' ').map(checkOf);
const inbox = new Inbox(database);

async function answer(request) {
  if (request.method !== 'POST') return 405;
  if (Number(request.headers['content-length']) > maxBody) return 413;
  const body = await bodyOf(request);
  if (body === null) return 413;
  const now = Date.now() / 1000;
  if (!isGenuine(checks, request.headers, body, now)) return 401; // the sender fetches its secret anew and tries again
  inbox.take(request.headers['webhook-id'], body, now);
  return 204;
}

const server = createServer((request, response) => {
  answer(request)
    .catch((error) => {
      console.error('not stored:', error.message);
      return 503;
    })
    .then((status) => {
      if (status === 413) response.setHeader('connection', 'close');
      response.writeHead(status).end();
    });
});
server.listen(Number(port), '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
