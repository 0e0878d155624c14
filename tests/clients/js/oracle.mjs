// Answers each line of standard input, a message, with what a library makes of it.
import { createInterface } from 'node:readline';
import { Webhook as Standard } from 'standardwebhooks';
import { Webhook as Svix1 } from 'svix-1';
import { Webhook as Svix2 } from 'svix-2';

const libraries = { standardwebhooks: Standard, 'svix-1': Svix1, 'svix-2': Svix2 };

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  const headers = {};
  // As Node hands over a name that comes twice.
  for (const [name, value] of asked.headers) headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  let answer;
  try {
    const given = new libraries[asked.library](asked.secret).verify(Buffer.from(asked.body, 'base64'), headers);
    answer = { accepted: true, said: given === undefined ? 'nothing' : "the body's JSON" };
  } catch (refusal) {
    answer = { accepted: false, said: `${refusal.name}: ${refusal.message}` };
  }
  console.log(JSON.stringify(answer));
}
