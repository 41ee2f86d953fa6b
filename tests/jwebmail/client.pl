#!/usr/bin/perl
# What JWebmail 1.x does with its extractor, as near as a program without JWebmail can: a shell command line with arguments
# quoted by backslashes, started by IPC::Open2; the credentials written to standard input, which the shell gives on as
# descriptor 3; one line read through a UTF-8 layer and decoded once more; the exit code looked at.
#
#   client.pl NUMBER SHAPE AUTHUSER EXTRACTOR BASE SYSUSER USER PASSWORD
#   client.pl make DIRECTORY    makes its mails there, in USER's mailbox, as whoever runs the other cannot
#
# SHAPE is what it takes out of the answers: head (the newest states of JWebmail 1.x: fields within "head"), flat (those before: beside
# "mid", the date as date_received) or perl (the oldest: flat with "date", and EXTRACTOR is started by perl -I). Those two quote with '
# and \, which the shell does not undo, so words with these are left out. Prints TAP lines from NUMBER on.
use strict;
use warnings;
use utf8;
use Encode qw(encode);
use IPC::Open2;
use JSON::PP;
use MIME::Base64;

my %subject = (
    ascii   => 'Plain words',
    greek   => 'Καλημέρα κόσμε',
    russian => 'Привет, мир',
    chinese => '你好，世界',
    arabic  => 'مرحبا بالعالم',
    emoji   => "Party \x{1f389} on",
    quotes  => q{He said "it's \\o/ time" `now` $HOME},
);
my @order = qw(ascii greek russian chinese arabic emoji quotes);

sub make {
    my ($directory) = @_;
    mkdir "$directory/$_" or die "$directory/$_: $!" for ('', qw(cur new tmp .Archiv .Archiv/cur .Archiv/new .Archiv/tmp));
    my $deliver = sub {
        my ($name, $text) = @_;
        open my $f, '>', "$directory/$name" or die "$name: $!";
        print $f encode('UTF-8', $text) or die $!;
        close $f or die $!;
    };
    for my $i (0 .. $#order) {
        my $word = encode_base64(encode('UTF-8', $subject{ $order[$i] }), '');
        $deliver->("cur/15508300$i" . "0.M$i.h:2," . ($i % 2 ? 'S' : ''),
            "From: \"Zo\x{eb} $i\" <zoe$i\@example.org>\nTo: me\@example.org\nSubject: =?utf-8?b?$word?=\n"
            . "Date: Fri, 22 Feb 2019 11:0$i:54 +0100\n\n" . 'x' x (100 * (7 - $i)) . "\nneedle $subject{ $order[$i] }\n");
    }
    $deliver->('new/1550840000.M9.h', <<"END");
From: multi\@example.org
To: "Hägar" <h\@example.org>, me\@example.org
Subject: Zwei Fassungen
Date: Sat, 23 Feb 2019 00:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=_b"

--=_b
Content-Type: text/plain; charset=utf-8

Grüße "plain" \x{1f600}
--=_b
Content-Type: text/html; charset=utf-8

<p>Grüße</p>
--=_b--
END
}

if ($ARGV[0] eq 'make') { make($ARGV[1]); exit }

my ($n, $shape, $authuser, $extractor, $base, $sysuser, $user, $password) = @ARGV;
my $bad = 0;
binmode STDOUT, ':utf8';

sub ok {
    my ($good, $name) = @_;
    print $good ? '' : 'not ', "ok $n - $name\n";
    $n++;
    $bad++ unless $good;
    return $good;
}

sub is {
    my ($got, $want, $name) = @_;
    $_ = ref $_ ? JSON::PP->new->canonical->encode($_) : $_ // 'undef' for $got, $want;
    ok($got eq $want, $name) or print "# got  $got\n# want $want\n";
}

# A client's call. Its last value is the response, or an error with return_code.
sub call {
    my ($name, $secret, $mode, @args) = @_;
    my @words = map { encode('UTF-8', $_) } $extractor, $base, $sysuser, $name, $mode, @args;
    my $line = $shape eq 'head' ? join ' ', map { length ? s/([^A-Za-z0-9_])/\\$1/gr : "''" } $authuser, @words
        : $authuser . ($shape eq 'perl' ? ' perl  -I lib -- ' : ' ') . join ' ', map { "'" . s/(['\\])/\\$1/gr . "'" } @words;
    my $pid = open2(my $reader, my $writer, "$line 3<&0");
    print $writer "$name\0$secret\0\0";
    close $writer or die "close: $!";
    binmode $reader, ':utf8';
    my $input = <$reader>;
    close $reader;
    waitpid $pid, 0;
    my $code = $? >> 8;
    if ($code == 3 || $code == 0) {
        my $response = eval { decode_json $input };
        return $@ ? { error => 'decoding error' } : $response;
    }
    return { error => 'got unsuccessful return code by qmail-authuser', return_code => $code };
}
# A field of a head, and of a part.
sub field {
    my ($mail, $field) = @_;
    return $shape eq 'head' ? $mail->{head}{$field} : $mail->{ $field eq 'date' && $shape eq 'flat' ? 'date_received' : $field };
}
sub type { $shape eq 'head' ? $_[0]{head}{content_type} : $_[0]{type} }
sub text { $shape eq 'head' ? $_[0]{body} : $_[0]{val} }
sub asks { call($user, $password, @_) }

# --- log in ---
ok(exists call($user, "$password+", 'count', '')->{error}, 'a wrong password');
is(call("x$user", $password, 'count', '')->{return_code}, 1, 'an unknown user');
my $count = asks('count', '');
is(exists $count->{error} ? 1 : 0, 0, 'logged in');
is([ @{$count}{qw(count new)} ], [ 8, 5 ], 'count and new');
ok($count->{size} > 1000, 'size');
is(asks('count'), $count, 'an empty word at the end that a shell has dropped');
is(asks('folders'), ['Archiv'], 'folders');

# --- list, sort, page ---
my $list = asks('list', 0, 9, '!date', '');
is([ map { field($_, 'subject') } @$list ], [ 'Zwei Fassungen', map { $subject{$_} } reverse @order ], 'subjects in all alphabets, newest first');
is(field($list->[7], 'from')->[0]{name}, "Zo\x{eb} 0", 'a name');
is(field($list->[7], 'from')->[0]{email}, 'zoe0@example.org', 'an address');
is(field($list->[7], 'date'), '2019-02-22T10:00:54Z', 'a date in UTC');
ok($list->[0]{new} && $list->[0]{is_multipart} && !$list->[2]{is_multipart}, 'flags that Perl takes as such');
is(field($list->[0], 'to')->[0]{name}, 'Hägar', 'a name that is not ASCII');
my @paged;
for (my $start = 0; $start < $count->{count}; $start += 3) {
    push @paged, @{ asks('list', $start, $start + 2, '!date', '') };
}
is([ map { $_->{mid} } @paged ], [ map { $_->{mid} } @$list ], 'pages of three are the whole list');
for my $sort (qw(date sender subject size)) {
    my @up = map { $_->{mid} } @{ asks('list', 0, 9, $sort, '') };
    my @down = map { $_->{mid} } @{ asks('list', 0, 9, "!$sort", '') };
    is([ reverse @down ], \@up, "sorted by $sort, both ways");
}
is([ map { $_->{size} } @{ asks('list', 0, 9, 'size', '') } ], [ sort { $a <=> $b } map { $_->{size} } @$list ], 'by size');
is([ asks('list', 3, 1, 'date', '')->{return_code}, asks('list', 0, 1, 'colour', '')->{return_code}, asks('count', 'Nope')->{return_code} ],
    [ 4, 4, 4 ], 'what makes no sense');

# --- search ---
for my $word (grep { $shape eq 'head' || $_ ne 'quotes' } @order) {
    is([ map { field($_, 'subject') } @{ asks('search', $subject{$word}, '') } ], [ $subject{$word} ], "search for the words of $word");
}
is(asks('search', q{"; exit 7; `id` $(id) *}, ''), [], 'a pattern full of shell');
is(asks('search', q{\\'}, ''), [], 'and of quotes') if $shape eq 'head';
is([ map { $_->{mid} } @{ asks('search', 'needle', '') } ], [ map { $_->{mid} } @$list[1 .. 7] ], 'what is found, newest first');

# --- read ---
my $multi = asks('read-mail', $list->[0]{mid});
is([ map { type($_) } @{ $multi->{body} } ], [ 'text/plain', 'text/html' ], 'the parts of a multipart');
is(text($multi->{body}[0]), "Grüße \"plain\" \x{1f600}", 'text of one');
is(text($multi->{body}[1]), '<p>Grüße</p>', 'text of the other');
is(field($multi, 'subject'), 'Zwei Fassungen', 'its head');
ok(asks('read-mail', $list->[1]{mid})->{body} =~ /needle \Q$subject{quotes}\E\n\z/, 'a plain mail, with quotes and backslashes');
is(asks('read-mail', 'nothing')->{error}, 'no such message', 'an unknown mail, in the words that it looks for');

# --- move ---
my $mid = $list->[1]{mid};
my $moved = asks('move', $mid, 'Archiv');
ok($moved && !exists $moved->{error}, 'moved');
is([ asks('count', '')->{count}, asks('count', 'Archiv')->{count} ], [ 7, 1 ], 'one here, seven there');
is(asks('list', 0, 9, '', 'Archiv')->[0]{mid}, $mid, 'under the same name');
is(field(asks('read-mail', $mid), 'subject'), $subject{quotes}, 'it can still be read');
ok(asks('move', $mid, ''), 'and moved back');
is([ asks('count', '')->{count}, asks('count', 'Archiv')->{count} ], [ 8, 0 ], 'all in the inbox');
exit($bad != 0);
