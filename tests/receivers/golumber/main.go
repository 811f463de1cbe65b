// Elastic's own Lumberjack v2 server and client, to check ours against.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	client "github.com/elastic/go-lumber/client/v2"
	"github.com/elastic/go-lumber/server"
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve prints its port, then every event as a line of JSON. The first "delay" milliseconds of each
// batch pass before it is acknowledged; the server then sends signs of life.
func serve(delay time.Duration, quiet bool) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	fail(err)
	running, err := server.NewWithListener(listener, server.V2(true), server.Keepalive(50*time.Millisecond))
	fail(err)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	out := bufio.NewWriter(os.Stdout)
	count := 0
	for batch := range running.ReceiveChan() {
		time.Sleep(delay)
		for _, event := range batch.Events {
			count++
			if !quiet {
				line, err := json.Marshal(event)
				fail(err)
				out.Write(append(line, '\n'))
			}
		}
		if quiet {
			fmt.Fprintln(out, count)
		}
		out.Flush()
		batch.ACK()
	}
}

// send delivers lines of JSON from standard input in one batch and prints how many were acknowledged.
func send(address string, level int) {
	connection, err := client.SyncDial(address, client.CompressionLevel(level), client.Timeout(10*time.Second))
	fail(err)
	var events []interface{}
	reader := bufio.NewScanner(os.Stdin)
	for reader.Scan() {
		events = append(events, json.RawMessage(append([]byte(nil), reader.Bytes()...)))
	}
	count, err := connection.Send(events)
	fail(err)
	fmt.Println(count)
}

// web takes JSON arrays, as Logstash's http input does, and prints how many events came so far.
func web() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	fail(err)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	var count int64
	fail(http.Serve(listener, http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		var events []json.RawMessage
		if json.NewDecoder(request.Body).Decode(&events) != nil {
			answer.WriteHeader(400)
			return
		}
		fmt.Println(atomic.AddInt64(&count, int64(len(events))))
		answer.WriteHeader(200)
	})))
}

// lines takes JSON lines over TCP and prints how many events came so far.
func lines() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	fail(err)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	var count int64
	for {
		connection, err := listener.Accept()
		fail(err)
		go func() {
			reader := bufio.NewScanner(connection)
			reader.Buffer(make([]byte, 1<<20), 1<<20)
			for reader.Scan() {
				fmt.Println(atomic.AddInt64(&count, 1))
			}
		}()
	}
}

func main() {
	log.SetOutput(io.Discard)
	switch os.Args[1] {
	case "serve":
		delay, err := time.ParseDuration(os.Args[2])
		fail(err)
		serve(delay, len(os.Args) > 3)
	case "web":
		web()
	case "lines":
		lines()
	case "send":
		send(os.Args[2], len(os.Args[3])-1)
	}
}
