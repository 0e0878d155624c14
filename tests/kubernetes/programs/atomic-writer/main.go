// Writes a volume as the kubelet does, with its own code: atomic-writer FOLDER [PAUSE_US], one write for each line of
// standard input, "path=content path=content …"; a line "race N" writes N versions, whose contents end with "-<number>",
// of the paths of the line before. A content may be "base64:…". Each line is answered with "ok" or with the fault.
package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"k8s.io/kubernetes/pkg/volume/util"
)

func write(folder string, payload map[string]util.FileProjection) error {
	writer, err := util.NewAtomicWriter(folder, "test")
	if err != nil {
		return err
	}
	return writer.Write(payload, nil)
}

func projection(content string) util.FileProjection {
	if encoded, found := strings.CutPrefix(content, "base64:"); found {
		decoded, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			panic(err)
		}
		return util.FileProjection{Data: decoded, Mode: 0644}
	}
	return util.FileProjection{Data: []byte(content), Mode: 0644}
}

func race(folder string, last map[string]string, versions int, pause time.Duration) error {
	for version := 1; version <= versions; version++ {
		payload := map[string]util.FileProjection{}
		for path, content := range last {
			payload[path] = projection(fmt.Sprintf("%s-%d", content, version))
		}
		if err := write(folder, payload); err != nil {
			return err
		}
		time.Sleep(pause)
	}
	return nil
}

func main() {
	folder, pause := os.Args[1], 0
	if len(os.Args) > 2 {
		pause, _ = strconv.Atoi(os.Args[2])
	}
	last := map[string]string{}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var err error
		if count, found := strings.CutPrefix(lines.Text(), "race "); found {
			versions, _ := strconv.Atoi(count)
			err = race(folder, last, versions, time.Duration(pause)*time.Microsecond)
		} else {
			last = map[string]string{}
			payload := map[string]util.FileProjection{}
			for _, word := range strings.Fields(lines.Text()) {
				path, content, _ := strings.Cut(word, "=")
				last[path], payload[path] = content, projection(content)
			}
			err = write(folder, payload)
		}
		if err != nil {
			fmt.Println(err)
		} else {
			fmt.Println("ok")
		}
	}
}
