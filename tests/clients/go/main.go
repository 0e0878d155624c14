// Answers each line of standard input, a message, with what a library makes of it.
package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	svix "github.com/svix/svix-webhooks/go"
)

type question struct {
	Library string
	Secret  string
	Headers [][2]string
	Body    []byte
}

type answer struct {
	Accepted bool   `json:"accepted"`
	Said     string `json:"said"`
}

type verifier interface {
	Verify(payload []byte, headers http.Header) error
}

func open(library, secret string) (verifier, error) {
	if library == "svix" {
		return svix.NewWebhook(secret)
	}
	return standardwebhooks.NewWebhook(secret)
}

func ask(asked question) answer {
	webhook, err := open(asked.Library, asked.Secret)
	if err != nil {
		return answer{false, err.Error()}
	}
	headers := http.Header{}
	for _, header := range asked.Headers {
		headers.Add(header[0], header[1])
	}
	if err := webhook.Verify(asked.Body, headers); err != nil {
		return answer{false, err.Error()}
	}
	return answer{true, "nothing"}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		if err := out.Encode(ask(asked)); err != nil {
			panic(err)
		}
	}
}
