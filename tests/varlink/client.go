// A client on the code that Debian's varlink-go makes of the interface's description: client SOCKET MAILBOX.
package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"

	"github.com/varlink/go/varlink"
	mail "jwebmail/dejmhoffmannjwebmailmailstorage"
)

func check(err error) {
	if err != nil {
		fmt.Printf("error: %v %T\n", err, err)
		os.Exit(1)
	}
}

func main() {
	ctx := context.Background()
	c, err := varlink.NewConnection(ctx, "unix:"+os.Args[1])
	check(err)
	var vendor, product, version, url string
	var interfaces []string
	check(c.GetInfo(ctx, &vendor, &product, &version, &url, &interfaces))
	fmt.Println(vendor, product, url, interfaces)
	description, err := c.GetInterfaceDescription(ctx, interfaces[1])
	check(err)
	fmt.Println(len(description) > 1000)
	_, _, _, err = mail.Stats().Call(ctx, c, "")
	var uninitialized *mail.NotInitialized
	fmt.Println(errors.As(err, &uninitialized))
	check(mail.Init().Call(ctx, c, "whoever", os.Args[2]))
	count, unread, size, err := mail.Stats().Call(ctx, c, "")
	check(err)
	fmt.Println(count, unread, size)
	sort := mail.Sort{Direction: "desc", Parameter: "date"}
	heads, first, last, err := mail.ListSearch().Call(ctx, c, "", nil, "after", 1, sort, nil)
	check(err)
	fmt.Println(len(heads), first, last, heads[0].Header.Subject, heads[0].Header.Mime.Mime_type.Main_type)
	bound := mail.Bound{Param: heads[0].Header.Send_date, Id: heads[0].Mid}
	heads, first, last, err = mail.ListSearch().Call(ctx, c, "", &bound, "after", 1, sort, nil)
	check(err)
	fmt.Println(len(heads), first, last, heads[0].Header.Subject)
	show, err := mail.Show().Call(ctx, c, "", heads[0].Mid)
	check(err)
	fmt.Printf("%q %v\n", *show.Body.Discrete, show.Body.Multipart == nil && show.Body.Mail == nil)
	_, body, err := mail.Raw().Call(ctx, c, "", heads[0].Mid, nil)
	check(err)
	octets, err := base64.StdEncoding.DecodeString(body)
	check(err)
	fmt.Println(len(octets))
	_, err = mail.Show().Call(ctx, c, "", "none")
	var gone *mail.NoSuchMail
	fmt.Println(errors.As(err, &gone) && gone.Mid == "none")
	_, _, _, err = mail.Stats().Call(ctx, c, "none")
	var invalid *mail.InvalidFolder
	fmt.Println(errors.As(err, &invalid) && invalid.Folder == "none")
	status, err := mail.AddFolder().Call(ctx, c, "Made")
	check(err)
	check(mail.Move().Call(ctx, c, heads[0].Mid, "", "Made"))
	folders, err := mail.Folders().Call(ctx, c)
	check(err)
	fmt.Println(status, folders)
	check(mail.Remove().Call(ctx, c, "Made", heads[0].Mid))
	check(c.Close())
}
