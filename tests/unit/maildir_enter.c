/* Templates of mailboxes, and the way into them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <porter/maildir_enter.h>

#include "tap.h"

static void expands(char const *template, char const *user, char const *home, char const *want, char const *fixed)
{
  mailbox_path p;
  if (!ok(mailbox_expand(&p, template, user, home), "%s for %s", template, user ? user : "nobody")) return;
  is_str(p.s, want, "the path");
  is_bytes(p.s, p.fixed, fixed, strlen(fixed), "its fixed part");
}

static void refuses(char const *template, char const *user, char const *home, int e)
{
  mailbox_path p;
  errno = 0;
  ok(!mailbox_expand(&p, template, user, home) && errno == e, "%s for %s is refused", template, user ? user : "nobody");
}

static void templates(void)
{
  static char const *const harmful[] = { "", ".", "..", ".x", "a/b", "/", "a\nb", "a\x7f", "a\x1b" };
  char name[257];
  expands("/mail/%d/%n", "joe@x.org", NULL, "/mail/x.org/joe", "/mail/");
  expands("/mail/%d/%n", "a@b@c", NULL, "/mail/c/a@b", "/mail/");
  expands("/mail/u-%u/Maildir", "joe", NULL, "/mail/u-joe/Maildir", "/mail/");
  expands("/mail/%n", "joe", NULL, "/mail/joe", "/mail/");
  expands("%h/Maildir", NULL, "/home/joe", "/home/joe/Maildir", "/home/joe");
  expands("%h", NULL, "/home/joe", "/home/joe", "/home/joe");
  expands("/mail/100%%/%u", "j\xc3\xb6", NULL, "/mail/100%/j\xc3\xb6", "/mail/100%/");
  expands("/mail/shared", NULL, NULL, "/mail/shared", "/mail/shared");
  expands("/../mail/%u", "j", NULL, "/../mail/j", "/../mail/");
  refuses("mail/%u", "j", NULL, EINVAL);
  refuses("", "j", NULL, EINVAL);
  refuses("%u", "j", NULL, EINVAL);
  refuses("/mail/%x", "j", NULL, EINVAL);
  refuses("/mail/%", "j", NULL, EINVAL);
  refuses("/mail/%u/../x", "j", NULL, EINVAL);
  refuses("/mail/%u/./x", "j", NULL, EINVAL);
  refuses("/mail/%u/..", "j", NULL, EINVAL);
  refuses("/mail/%h", "j", "/home/j", EINVAL);
  refuses("%hx/y", "j", "/home/j", EINVAL);
  refuses("%h/../x", "j", "/home/j", EINVAL);
  refuses("%h/x", "j", NULL, EPERM);
  refuses("%h/x", "j", "", EPERM);
  refuses("%h/x", "j", "home", EPERM);
  refuses("/mail/%u", NULL, NULL, EPERM);
  refuses("/mail/%d/%n", "joe", NULL, EPERM);
  refuses("/mail/%d/%n", "joe@", NULL, EPERM);
  refuses("/mail/%d/%n", "@x", NULL, EPERM);
  refuses("/mail/%d/%n", "joe@..", NULL, EPERM);
  refuses("/mail/x%u", "..", NULL, EPERM);
  for (size_t i = 0; i < sizeof harmful / sizeof *harmful; i++) refuses("/mail/%u", harmful[i], NULL, EPERM);
  memset(name, 'x', sizeof name);
  name[256] = 0;
  refuses("/mail/%u", name, NULL, EPERM);
  name[255] = 0;
  mailbox_path p;
  ok(mailbox_expand(&p, "/mail/%u", name, NULL), "a name of 255 octets");
  char long_template[PATH_MAX + 10];
  memset(long_template, '/', sizeof long_template);
  long_template[sizeof long_template - 1] = 0;
  refuses(long_template, "j", NULL, ENAMETOOLONG);
}

static char root[] = "/tmp/porter-enter.XXXXXX";

/* Enters root/rest, where all of rest is below the fixed part. */
static int enter(char const *rest, int make)
{
  mailbox_path p;
  char template[200];
  snprintf(template, sizeof template, "%s/%%u%s", root, strchr(rest, '/') ? strchr(rest, '/') : "");
  char user[100];
  snprintf(user, sizeof user, "%.*s", (int)strcspn(rest, "/"), rest);
  if (!mailbox_expand(&p, template, user, NULL)) return 0;
  if (chdir("/") < 0) exit(111);
  errno = 0;
  return mailbox_enter(&p, make);
}

static int here(char const *path)
{
  struct stat a, b;
  char whole[200];
  snprintf(whole, sizeof whole, "%s/%s", root, path);
  return stat(".", &a) == 0 && stat(whole, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static void walks(void)
{
  struct stat st;
  if (!mkdtemp(root) || chdir(root) < 0) exit(111);
  ok(!enter("none", 0) && errno == ENOENT, "a mailbox that is not there");
  ok(here("..") || !here("none"), "nowhere was gone");
  ok(enter("made", 1) && here("made"), "it is made if asked for");
  ok(enter("made", 0) && here("made"), "and entered");
  ok(enter("made", 1) && here("made"), "again, making what is there");
  ok(stat("cur", &st) == 0 && (st.st_mode & 07777) == 0700, "for its owner alone");
  ok(enter("deep/er/still", 1) && here("deep/er/still"), "deeper");
  if (chdir(root) < 0 || symlink("made", "link") < 0 || mkdir("dir", 0700) < 0 || symlink("../deep/er", "dir/link") < 0
    || symlink("/", "slash") < 0 || close(open("file", O_CREAT | O_WRONLY, 0600)) < 0) exit(111);
  ok(!enter("link", 0) && errno == ELOOP, "a link");
  ok(!enter("link", 1), "a link, making");
  ok(!enter("dir/link/still", 0) && errno == ELOOP, "a link on the way");
  ok(!enter("dir/link/other", 1), "a link on the way, making");
  ok(!enter("slash/tmp", 0), "a link that leads out");
  ok(!enter("file", 0) && errno == ENOTDIR, "a file");
  ok(!enter("dir", 0) && errno == ENOENT, "no Maildir");
  if (chdir(root) < 0 || mkdir("half", 0700) < 0 || mkdir("half/tmp", 0700) < 0 || mkdir("half/new", 0700) < 0
    || symlink("new", "half/cur") < 0) exit(111);
  ok(!enter("half", 0) && errno == ENOTDIR, "a cur that is a link");
  ok(!enter("half", 1) && errno == ENOTDIR, "which is not made right either");
  ok(access("../deep/er/other", F_OK) < 0, "nothing was made elsewhere");
  char command[200];
  snprintf(command, sizeof command, "rm -rf %s", root);
  ok(system(command) == 0, "cleaned up");
}

int main(void)
{
  templates();
  walks();
  return done();
}
