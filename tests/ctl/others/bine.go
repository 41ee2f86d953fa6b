// A controller with bine (github.com/cretz/bine/control): most of its commands once, over the unix socket that is its argument; then messages.
package main

import (
	"fmt"
	"net"
	"net/textproto"
	"os"
	"strings"

	"github.com/cretz/bine/control"
)

func check(what string, err error) {
	if err != nil {
		fmt.Println(what+":", err)
		os.Exit(1)
	}
}

func open() *control.Conn {
	s, err := net.Dial("unix", os.Args[1])
	check("connect", err)
	c := control.NewConn(textproto.NewConn(s))
	check("authenticate", c.Authenticate(""))
	return c
}

func main() {
	c := open()
	_, err := c.GetInfo("version", "config-text", "circuit-status", "config-file")
	check("GETINFO", err)
	_, err = c.GetInfo("nonsense")
	if err == nil {
		check("GETINFO nonsense", fmt.Errorf("no error"))
	}
	_, err = c.GetConf("SocksPort", "DataDirectory")
	check("GETCONF", err)
	check("SETCONF", c.SetConf(control.NewKeyVal("MaxCircuitDirtiness", "700")))
	check("RESETCONF", c.ResetConf(control.NewKeyVal("MaxCircuitDirtiness", "")))
	check("SIGNAL", c.Signal("NEWNYM"))
	check("USEFEATURE", c.UseFeatures("VERBOSE_NAMES"))
	_, err = c.MapAddresses(control.NewKeyVal("0.0.0.0", "example.org"))
	check("MAPADDRESS", err)
	events := make(chan control.Event, 100)
	check("SETEVENTS", c.AddEventListener(events, control.EventCodeConfChanged))
	check("SETCONF", c.SetConf(control.NewKeyVal("MaxCircuitDirtiness", "800")))
	check("event", c.HandleNextEvent())
	check("SETEVENTS", c.RemoveEventListener(events, control.EventCodeConfChanged))
	key, err := c.AddOnion(&control.AddOnionRequest{Key: control.GenKey(control.KeyAlgoED25519V3), Ports: []*control.KeyVal{control.NewKeyVal("80", "127.0.0.1:8080")}})
	check("ADD_ONION", err)
	check("DEL_ONION", c.DelOnion(key.ServiceID))
	if len(os.Args) > 2 {
		_, err = c.SendRequest("CONTROLLERNAME bine")
		check("CONTROLLERNAME", err)
		_, err = c.SendRequest("POSTMESSAGE @bine hello")
		check("POSTMESSAGE", err)
		r, err := c.GetInfo("new-messages")
		check("GETINFO new-messages", err)
		if len(r) != 1 || !strings.HasSuffix(strings.TrimSpace(r[0].Val), "bine @bine hello") {
			check("new-messages", fmt.Errorf("%v", r))
		}
	}
	check("QUIT", c.Quit())
	fmt.Println("done")
}
