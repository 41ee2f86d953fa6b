#!/usr/bin/perl
# The modules of a real JWebmail 1.x (JWEBMAIL_DIR is a checkout of any state of it) on extractor-v1, or on extractor-v1.pl where
# they start Perl.
#   real.pl NUMBER QMAIL-DIRECTORY BIN BASE SYSUSER     TAP lines from NUMBER on; the user is ada@example.org
use strict;
use warnings;
use utf8;
use lib "$ENV{JWEBMAIL_DIR}/lib";
use JWebmail::Model::ReadMails;
use JWebmail::Model::Driver::QMailAuthuser;

my ($n, $qmail, $bin, $base, $sysuser) = @ARGV;
my $bad = 0;
binmode STDOUT, ':utf8';
sub is {
    my ($got, $want, $name) = @_;
    $_ //= 'undef' for $got, $want;
    print $got eq $want ? '' : 'not ', "ok $n - $name\n";
    $n++;
    $bad++, print "# got  $got\n# want $want\n" if $got ne $want;
}
# The fields of a mail beside its mid, or within its head.
sub head { exists $_[0]{head} && $_[1] ne 'date_received' ? $_[0]{head}{ $_[1] } : $_[0]{ $_[1] } }

my $perl = JWebmail::Model::Driver::QMailAuthuser->can('include');
my $driver = JWebmail::Model::Driver::QMailAuthuser->new(user => $sysuser, maildir => $base, qmail_dir => $qmail,
    prog => $perl ? "$bin/extractor-v1.pl" : "$bin/extractor-v1", $perl ? (include => ['lib']) : ());
my $mails = JWebmail::Model::ReadMails->new(driver => $driver);
my $auth = AuthReadMails->new(user => 'ada@example.org', password => 'geheim', challenge => '');

is($mails->verify_user('ada@example.org', 'wrong') ? 1 : 0, 0, 'a wrong password');
is($mails->verify_user('ada@example.org', 'geheim') ? 1 : 0, 1, 'logged in');
is(join(' ', ($mails->count($auth, ''))[1, 2]), '8 5', 'count');
is(join(' ', @{ $mails->folders($auth) }), 'Archiv', 'folders');
my $list = $mails->read_headers_for(auth => $auth, folder => '', start => 0, end => 7, sort => '!date');
is(scalar @$list, 8, 'a list');
is(head($list->[0], 'subject'), 'Zwei Fassungen', 'newest first');
is(head($list->[7], 'from')->[0]{address}, 'zoe0@example.org', 'an address');
is($_, '2019-02-22T10:00:54Z', 'its date') for grep { defined } head($list->[7], 'date'), $list->[7]{date_received};
is(scalar @{ $mails->search($auth, 'needle', '') }, 7, 'a search');
my $mail = $mails->show($auth, $list->[0]{mid});
is(head($mail, 'content_type'), 'multipart/alternative', 'a mail');
is($mail->{body}[1]{val} // $mail->{body}[1]{body}, '<p>Grüße</p>', 'its text');
is(eval { $mails->show($auth, 'none'); 1 } ? '' : $@ =~ /no such message/ ? 'none' : $@, 'none', 'no such mail');
$mails->move($auth, $list->[1]{mid}, 'Archiv');
is(join(' ', ($mails->count($auth, 'Archiv'))[1]), '1', 'moved');
exit($bad != 0);
