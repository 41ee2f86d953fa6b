/* Letter case. With an argument a filter for tests/charset.t. */
#include <porter/text.h>
#include "hexfilter.h"

static void folds(char const *from, char const *want) { converts(text_fold, from, want); }

int main(int argc, char **argv)
{
  char all[128], low[128];
  (void)argv;
  if (argc > 1) return hex_filter(text_fold);
  for (int i = 1; i < 128; i++) {
    all[i - 1] = (char)i;
    low[i - 1] = i >= 'A' && i <= 'Z' ? (char)(i + 32) : (char)i;
  }
  all[127] = low[127] = 0;
  folds(all, low);
  folds("", "");
  folds("ÄÖÜ äöü", "äöü äöü");
  folds("Straße STRASSE ẞ", "straße strasse ß");
  folds("ΣΊΣΥΦΟΣ σίσυφος", "σίσυφοσ σίσυφοσ");
  folds("ДОБРЫЙ", "добрый");
  folds("\xe2\x84\xaa\xc5\xbf\xc8\xba", "ks\xe2\xb1\xa5");
  folds("İıI", "İıi");
  folds("日本語 𐐀", "日本語 𐐨");
  return done();
}
