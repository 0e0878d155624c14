// Prints the names of the system calls that the seccomp profile RuntimeDefault of this containerd allows a container
// without capabilities, whatever their arguments are.
package main

import (
	"fmt"

	seccomp "CONTAINERD/contrib/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
)

func main() {
	profile := seccomp.DefaultProfile(&specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{}}})
	for _, rule := range profile.Syscalls {
		if rule.Action == specs.ActAllow {
			for _, name := range rule.Names {
				fmt.Println(name)
			}
		}
	}
}
