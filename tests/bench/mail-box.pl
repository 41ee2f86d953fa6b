#!/usr/bin/perl
# What version 1's modes do, done with Mail::Box: for tests/bench/version1 to compare with.
#   mail-box.pl MAILDIR list START END | count | read-mail MESSAGE-ID
use strict;
use warnings;
use JSON::PP;
use Mail::Box::Manager;

my ($directory, $mode, @args) = @ARGV;
my $folder = Mail::Box::Manager->new->open(folder => $directory, type => 'maildir', access => 'r', remove_when_empty => 0)
    or die "$directory cannot be opened\n";

sub addresses { [ map { { name => $_->name, address => $_->address } } @_ ] }
sub date { my @t = gmtime $_[0]; sprintf '%04d-%02d-%02dT%02d:%02d:%02dZ', $t[5] + 1900, $t[4] + 1, @t[ 3, 2, 1, 0 ] }
sub head {
    my ($m) = @_;
    return {
        subject => ($m->study('subject') // '') . '', from => addresses($m->from), to => addresses($m->to), cc => addresses($m->cc),
        bcc => addresses($m->bcc), date => date($m->timestamp), content_type => '' . $m->contentType,
    };
}
sub body {
    my ($m) = @_;
    return [ map { { type => '' . $_->contentType, val => body($_) } } $m->parts ] if $m->isMultipart;
    return $m->contentType =~ m{^text/}i ? $m->decoded->string : '';
}

if ($mode eq 'list') {
    my @mails = (sort { $b->timestamp <=> $a->timestamp } $folder->messages)[ $args[0] .. $args[1] ];
    print encode_json([ map { {
        mid => $_->filename, size => $_->size, new => !$_->label('seen'), is_multipart => $_->isMultipart, head => head($_)
    } } grep { defined } @mails ]);
} elsif ($mode eq 'count') {
    my ($size, $new) = (0, 0);
    for ($folder->messages) { $size += $_->size; $new++ unless $_->label('seen') }
    print encode_json({ count => scalar $folder->messages, size => $size, new => $new });
} elsif ($mode eq 'read-mail') {
    my $mail = $folder->find($args[0]) or die "no mail has the Message-ID $args[0]\n";  # its names for mails are these
    print encode_json({ size => $mail->size, head => head($mail), body => body($mail) });
}
$folder->close(write => 'NEVER');
