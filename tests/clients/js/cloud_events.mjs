// Answers each line of standard input, a message, with what the SDK of CloudEvents reads out of it.
import { createInterface } from 'node:readline';
import { HTTP } from 'cloudevents';

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  // As Node hands them over: names in lower case.
  const headers = Object.fromEntries(asked.headers.map(([name, value]) => [name.toLowerCase(), value]));
  let answer;
  try {
    const { data, ...read } = HTTP.toEvent({ headers, body: Buffer.from(asked.body, 'base64').toString() }).toJSON();
    answer = { read, data };
  } catch (refusal) {
    answer = { refused: `${refusal.name}: ${refusal.message}` };
  }
  console.log(JSON.stringify(answer));
}
