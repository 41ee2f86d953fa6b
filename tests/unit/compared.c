/* Text that is compared. With an argument a filter for tests/charset.t. */
#include <porter/text.h>
#include "hexfilter.h"

static void is_form(char const *from, char const *want) { converts(text_compared, from, want); }

int main(int argc, char **argv)
{
  (void)argv;
  if (argc > 1) return hex_filter(text_compared);
  is_form("", "");
  is_form("ABC xyz 09 ~", "abc xyz 09 ~");
  is_form("Straße STRASSE ẞ", "strasse strasse ss");
  is_form("résumé re\xcc\x81sume\xcc\x81", "resume resume");
  is_form("Łódź, Øre, Đorđe, Ħal, Ŧ, ıİ", "lodz, ore, dorde, hal, t, ii");
  is_form("Æsir œuvre Ðór Þing", "aesir oeuvre dor thing");
  is_form("ﬁn oﬃce ŉ", "fin office ʼn");
  is_form("ＡＢＣ１２ ｶﾞｷﾞ", "abc12 カ\xe3\x82\x99キ\xe3\x82\x99");
  is_form("ガ", "カ\xe3\x82\x99");
  is_form("so\xc2\xad" "ft z\xe2\x80\x8b" "e\xe2\x80\x8d" "r\xef\xbb\xbfo \xe2\x80\xaa" "l\xe2\x80\xac\xef\xb8\x8f", "soft zero l");
  is_form("a \t\n\xc2\xa0\xe3\x80\x80" "b\xe2\x80\xa8", "a b ");
  is_form("ΣΊΣΥΦΟΣ σίσυφος ᾳ", "σισυφοσ σισυφοσ αι");
  is_form("Ёлка Й й", "елка и и");
  is_form("שָׁלוֹם مُحَمَّد", "שלום محمد");
  is_form("한글 각 가", "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab\xe1\x84\x80\xe1\x85\xb3\xe1\x86\xaf \xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8 \xe1\x84\x80\xe1\x85\xa1");
  is_form("K Å", "k a");
  is_form("हिन्दी क़", "हिन्दी क\xe0\xa4\xbc");  /* other scripts keep their marks */
  is_form("日本語 ﾊﾝ", "日本語 ハン");
  return done();
}
