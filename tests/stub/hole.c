/* hole KIND ATTACK [ARG...]: a program with a deliberate hole, confined as ours are: it does what somebody would try who has taken one over.
 *
 * KIND: look, read, folder, change (maildir-op, by what its method needs; the mailbox is the current directory, `folder` is its inbox), writer
 * (frame-write -d tmp), watcher (frame-auth), translator (json-op), bus (ctlmsg; its state directory is `bus`), bus-around (`../../run/bus`, in a
 * directory of its own), client (ctlmsg-post), files (Landlock alone, as look has it), limits,
 * second (of processor time), none.
 * Exit code 0 and "done": the attack worked. 1 and the reason: the kernel refused. 111: the call was none that the program may make.
 * hole KIND sweep: the names of all calls that do not end a process of that KIND, whatever they are given. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <syscall_names.h>
#include <porter/confine.h>

char const *PROG = "hole";

static char const *confine_as(char const *kind)
{
  int box = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  char const *lacking = NULL;
  if (!strcmp(kind, "look")) lacking = confine_mailbox(&(confine_place){ box, CONFINE_READ }, 1, 0);
  else if (!strcmp(kind, "read") || !strcmp(kind, "change")) lacking = confine_mailbox(&(confine_place){ box, CONFINE_WRITE }, 1, *kind == 'c');
  else if (!strcmp(kind, "folder")) {
    lacking = confine_mailbox(&(confine_place){ box, CONFINE_WRITE }, 1, 0);
    if (!lacking) lacking = confine_folder(box, box);
  }
  else if (!strcmp(kind, "writer")) lacking = confine_writer("tmp");
  else if (!strcmp(kind, "watcher")) lacking = confine_watcher();
  else if (!strcmp(kind, "translator")) lacking = confine_translator();
  else if (!strcmp(kind, "bus")) lacking = confine_bus("bus");
  else if (!strcmp(kind, "bus-around")) lacking = confine_bus("../../run/bus");
  else if (!strcmp(kind, "client")) lacking = confine_client();
  else if (!strcmp(kind, "files")) {
    if (!confine_privileges() || !confine_files(&(confine_place){ box, CONFINE_READ }, 1)) lacking = "files";
  }
  else if (!strcmp(kind, "limits") || !strcmp(kind, "second")) {
    if (!confine_limit(&(confine_limits){ *kind == 's' ? 1 : 60, 1 << 24, 1 << 20, 16 })) lacking = "limits";
  }
  close(box);
  return lacking;
}

static long sockets(char const *family, char const *address)
{
  struct sockaddr_un un = { .sun_family = AF_UNIX };
  struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
  if (!strcmp(family, "tcp")) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    in.sin_port = htons((uint16_t)atoi(address));
    return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&in, sizeof in);
  }
  int abstract = !strcmp(family, "abstract");
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  strncpy(un.sun_path + abstract, address, sizeof un.sun_path - 2);
  return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&un, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)abstract + strlen(address)));
}

static long processor(void)
{
  for (unsigned int volatile i = 1; i; i += 2);
  return 0;
}

static long memory(void)
{
  for (size_t n = 0; n < 1u << 26; n += 1 << 20) {
    char *s = malloc(1 << 20);
    if (!s) return -1;
    memset(s, 1, 1 << 20);
  }
  return 0;
}

static long attack(char **v)
{
  static char *const argv[] = { "true", NULL };
  struct iovec io = { v, 8 };
  char const *name = v[0], *a = v[1], *b = a ? v[2] : NULL;
#define IS(what) !strcmp(name, what)
  if (IS("open")) return open(a, O_RDONLY);
  if (IS("write")) return open(a, O_WRONLY | O_APPEND);
  if (IS("truncate-open")) return open(a, O_WRONLY | O_TRUNC);
  if (IS("truncate")) return truncate(a, 0);
  if (IS("create")) return open(a, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (IS("unnamed")) return open(a, O_TMPFILE | O_RDWR, 0600);
  if (IS("list")) return open(a, O_RDONLY | O_DIRECTORY);
  if (IS("unlink")) return unlinkat(AT_FDCWD, a, 0);
  if (IS("rename")) return renameat2(AT_FDCWD, a, AT_FDCWD, b, 0);
  if (IS("link")) return linkat(AT_FDCWD, a, AT_FDCWD, b, 0);
  if (IS("symlink")) return symlinkat(a, AT_FDCWD, b);
  if (IS("mkdir")) return mkdirat(AT_FDCWD, a, 0700);
  if (IS("mknod")) return mknodat(AT_FDCWD, a, S_IFREG | 0600, 0);
  if (IS("unread")) { int n; return ioctl(0, FIONREAD, &n); }
  if (IS("mkfifo")) return mkfifoat(AT_FDCWD, a, 0600);
  if (IS("chmod")) return fchmodat(AT_FDCWD, a, 0777, 0);
  if (IS("chown")) return fchownat(AT_FDCWD, a, 4711, 4711, 0);
  if (IS("utime")) return utimensat(AT_FDCWD, a, NULL, 0);
  if (IS("chmod-open")) return fchmod(open(a, O_RDONLY), 0777);
  if (IS("chown-open")) return fchown(open(a, O_RDONLY), (uid_t)-1, (gid_t)-1);
  if (IS("utime-open")) return futimens(open(a, O_RDONLY), NULL);
  if (IS("setxattr")) return syscall(SYS_setxattr, a, "user.x", "x", 1, 0);
  if (IS("chdir")) return chdir(a);
  if (IS("chroot")) return chroot(a);
  if (IS("stat")) { struct stat st; return fstatat(AT_FDCWD, a, &st, 0); }
  if (IS("handle")) return syscall(SYS_open_by_handle_at, AT_FDCWD, v, 0);
  if (IS("exec")) return execv("/bin/true", argv);
  if (IS("fork")) { pid_t pid = fork(); if (!pid) _exit(0); return pid; }
  if (IS("thread")) return syscall(SYS_clone, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0);
  if (IS("clone3")) return syscall(SYS_clone3, v, 0);
  if (IS("unshare")) return unshare(CLONE_NEWUSER);
  if (IS("setns")) return setns(0, 0);
  if (IS("mount")) return syscall(SYS_mount, 0, 0, 0, 0, 0);
  if (IS("ptrace")) return syscall(SYS_ptrace, 0x4206 /* SEIZE */, atoi(a), 0, 0);
  if (IS("vm-read")) return process_vm_readv(atoi(a), &io, 1, &io, 1, 0);
  if (IS("mem")) { char path[64]; snprintf(path, sizeof path, "/proc/%s/mem", a); return open(path, O_RDWR); }
  if (IS("kill")) return kill(atoi(a), 0);
  if (IS("tgkill")) return syscall(SYS_tgkill, atoi(a), atoi(a), 0);
  if (IS("tgkill-self")) return syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 0);
  if (IS("sigqueue")) return syscall(SYS_rt_sigqueueinfo, atoi(a), 0, v);
  if (IS("setown")) return fcntl(0, F_SETOWN, atoi(a));
  if (IS("lock")) { struct flock l = { .l_type = F_RDLCK }; return fcntl(0, F_SETLK, &l); }
  if (IS("getfl")) return fcntl(0, F_GETFL);
  if (IS("setfl")) return fcntl(2, F_SETFL, O_NONBLOCK);
  if (IS("dupfd")) return fcntl(0, F_DUPFD_CLOEXEC, 10);
  if (IS("pidfd")) return syscall(SYS_pidfd_open, atoi(a), 0);
  if (IS("socket")) return sockets(a, b);
  if (IS("socketpair")) { int p[2]; return socketpair(AF_UNIX, SOCK_STREAM, 0, p); }
  if (IS("io_uring")) return syscall(SYS_io_uring_setup, 1, v);
  if (IS("keyctl")) return syscall(SYS_keyctl, 0, -3, 1);
  if (IS("add_key")) return syscall(SYS_add_key, "user", "x", "x", 1, -3);
  if (IS("bpf")) return syscall(SYS_bpf, 0, v, 0);
  if (IS("perf")) return syscall(SYS_perf_event_open, v, 0, 0, 0, 0);
  if (IS("userfaultfd")) return syscall(SYS_userfaultfd, 0);
  if (IS("memfd")) return memfd_create("x", 0);
  if (IS("personality")) return syscall(SYS_personality, 0x0040000 /* no randomize */);
  if (IS("prctl")) return syscall(SYS_prctl, 4 /* PR_SET_DUMPABLE */, 1, 0, 0, 0);
  if (IS("setuid")) return syscall(SYS_setuid, 0);
  if (IS("setrlimit")) return syscall(SYS_prlimit64, 0, 0, v, 0);
  if (IS("ioctl")) return syscall(SYS_ioctl, 0, 0x5412 /* TIOCSTI */, v);
  if (IS("syslog")) return syscall(SYS_syslog, 3, v, 8);
  if (IS("run-memory")) return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
  if (IS("run-file")) return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, 0, 0) == MAP_FAILED ? -1 : 0;
  if (IS("protect")) return mprotect((void *)((uintptr_t)&attack & ~4095ul), 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
  if (IS("memory-plain")) return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
#ifdef __x86_64__
  if (IS("x32")) return syscall(0x40000000 | 39);
  if (IS("int80")) { long r; __asm__ volatile ("int $0x80" : "=a" (r) : "a" (20) : "memory", "r8", "r9", "r10", "r11"); return r; }
#endif
  if (IS("processor")) return processor();
  if (IS("memory")) return memory();
  if (IS("abort")) abort();
  errno = EDOM;
  return -1;
}

static int sweep(char const *kind)
{
  for (size_t i = 0; i < sizeof syscall_names / sizeof *syscall_names; i++) {
    int status;
    pid_t pid = fork();
    if (!pid) {
      int nothing = open("/dev/null", O_WRONLY);
      dup2(nothing, 2);
      if (confine_as(kind)) _exit(2);
      syscall(syscall_names[i].number, -1L, -1L, -1L, -1L, -1L, -1L);
      _exit(0);
    }
    waitpid(pid, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 111) puts(syscall_names[i].name);
  }
  return 0;
}

int main(int argc, char **argv)
{
  if (argc < 3) return 100;
  if (!strcmp(argv[2], "sweep")) return sweep(argv[1]);
  char const *lacking = confine_as(argv[1]);
  if (lacking) {
    perror(lacking);
    return 2;
  }
  errno = 0;
  if (attack(argv + 2) >= 0) {
    (void)!write(1, "done\n", 5);
    _exit(0);
  }
  char const *reason = strerrorname_np(errno);
  (void)!write(1, reason, strlen(reason));
  (void)!write(1, "\n", 1);
  _exit(1);
}
