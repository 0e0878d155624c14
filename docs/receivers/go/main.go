// Takes webhooks, once each: receiver DATABASE PORT, with the secrets in $WEBHOOK_SECRETS, parted by blanks.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	_ "modernc.org/sqlite"
)

const (
	windowSeconds = 300
	maxBody       = 1 << 20
)

// whsec_ and standard base64, as `integrationsctl secrets generate` makes it.
func keyOf(secret string) ([]byte, error) {
	encoded, found := strings.CutPrefix(secret, "whsec_")
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !found || err != nil || len(key) == 0 {
		return nil, errors.New("a secret is not whsec_<base64>")
	}
	return key, nil
}

func isGenuine(keys [][]byte, headers http.Header, body []byte, now time.Time) bool {
	id, sentAt := headers.Get("webhook-id"), headers.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(sentAt, 10, 64)
	if id == "" || err != nil || seconds < now.Unix()-windowSeconds || seconds > now.Unix()+windowSeconds {
		return false
	}
	tokens := strings.Fields(headers.Get("webhook-signature"))
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.", id, sentAt)
		mac.Write(body)
		expected := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
		for _, token := range tokens {
			if hmac.Equal([]byte(token), []byte(expected)) {
				return true
			}
		}
	}
	return false
}

// Remembers each webhook-id in the transaction that does the work, so that neither is there without the other.
type inbox struct{ database *sql.DB }

func openInbox(path string) (inbox, error) {
	database, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)")
	if err != nil {
		return inbox{}, err
	}
	_, err = database.Exec(`
		CREATE TABLE IF NOT EXISTS seen (webhook_id TEXT PRIMARY KEY, seen_at INTEGER NOT NULL);
		CREATE TABLE IF NOT EXISTS alerts (webhook_id TEXT NOT NULL, body BLOB NOT NULL);`)
	return inbox{database}, err
}

func (i inbox) take(id string, body []byte, now time.Time) error {
	transaction, err := i.database.Begin()
	if err != nil {
		return err
	}
	defer transaction.Rollback() // nothing, once it is committed
	result, err := transaction.Exec("INSERT OR IGNORE INTO seen VALUES (?, ?)", id, now.Unix())
	if err != nil {
		return err
	}
	if rows, err := result.RowsAffected(); err != nil || rows == 0 {
		return err
	}
	// Your own work stands here.
	if _, err := transaction.Exec("INSERT INTO alerts VALUES (?, ?)", id, body); err != nil {
		return err
	}
	return transaction.Commit()
}

func handler(keys [][]byte, inbox inbox) http.HandlerFunc {
	return func(response http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodPost {
			response.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		if request.ContentLength > maxBody {
			response.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(response, request.Body, maxBody))
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			response.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		if err != nil {
			response.WriteHeader(http.StatusBadRequest)
			return
		}
		now := time.Now()
		if !isGenuine(keys, request.Header, body, now) {
			response.WriteHeader(http.StatusUnauthorized) // the sender fetches its secret anew and tries again
			return
		}
		if err := inbox.take(request.Header.Get("webhook-id"), body, now); err != nil {
			log.Print("not stored: ", err)
			response.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		response.WriteHeader(http.StatusNoContent)
	}
}

func run(path, port string) error {
	var keys [][]byte
	for _, secret := range strings.Fields(os.Getenv("WEBHOOK_SECRETS")) {
		key, err := keyOf(secret)
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	inbox, err := openInbox(path)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		return err
	}
	fmt.Printf("listening on %d\n", listener.Addr().(*net.TCPAddr).Port)
	server := http.Server{Handler: handler(keys, inbox), ReadTimeout: 30 * time.Second}
	return server.Serve(listener)
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: receiver DATABASE PORT")
	}
	log.Fatal(run(os.Args[1], os.Args[2]))
}
