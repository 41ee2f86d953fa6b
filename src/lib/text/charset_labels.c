/* What charsets are called: the labels of the WHATWG standard, IANA's and those that mail has, in lower case without
 * punctuation, sorted. An x- in front is taken off before where it makes a label of this list. us-ascii is not here: what
 * says so is guessed. */
#include <endian.h>
#include <string.h>

#include "charset.h"

/* clang-format off */
static struct { char label[25]; unsigned char which; } const labels[] = {
  { "1125", CHARSET_ibm1125 }, { "1250", CHARSET_windows1250 }, { "1251", CHARSET_windows1251 },
  { "1252", CHARSET_windows1252 }, { "1253", CHARSET_windows1253 }, { "1254", CHARSET_windows1254 },
  { "1255", CHARSET_windows1255 }, { "1256", CHARSET_windows1256 }, { "1257", CHARSET_windows1257 },
  { "1258", CHARSET_windows1258 }, { "437", CHARSET_ibm437 }, { "775", CHARSET_ibm775 }, { "850", CHARSET_ibm850 },
  { "852", CHARSET_ibm852 }, { "855", CHARSET_ibm855 }, { "857", CHARSET_ibm857 }, { "858", CHARSET_ibm858 },
  { "860", CHARSET_ibm860 }, { "861", CHARSET_ibm861 }, { "862", CHARSET_ibm862 }, { "863", CHARSET_ibm863 },
  { "864", CHARSET_ibm864 }, { "865", CHARSET_ibm865 }, { "866", CHARSET_ibm866 }, { "869", CHARSET_ibm869 },
  { "8859", CHARSET_windows1252 }, { "88591", CHARSET_windows1252 }, { "932", CHARSET_sjis }, { "936", CHARSET_gb18030 },
  { "949", CHARSET_euckr }, { "950", CHARSET_big5 }, { "ansi", CHARSET_windows1252 }, { "appleroman", CHARSET_macintosh },
  { "arabic", CHARSET_iso8859_6 }, { "armscii8", CHARSET_armscii8 }, { "asmo708", CHARSET_iso8859_6 },
  { "big5", CHARSET_big5 }, { "big5e", CHARSET_big5 }, { "big5et", CHARSET_big5 }, { "big5eten", CHARSET_big5 },
  { "big5hkscs", CHARSET_hkscs }, { "big5hkscs2001", CHARSET_hkscs }, { "big5hkscs2004", CHARSET_hkscs },
  { "big5tw", CHARSET_big5 }, { "bigfive", CHARSET_big5 }, { "ccsid00858", CHARSET_ibm858 }, { "chinese", CHARSET_gb18030 },
  { "chinesesimplified", CHARSET_gb18030 }, { "cnbig5", CHARSET_big5 }, { "cngb", CHARSET_gb18030 },
  { "cns11643", CHARSET_euctw }, { "cp00858", CHARSET_ibm858 }, { "cp10000", CHARSET_macintosh },
  { "cp10006", CHARSET_mac_greek }, { "cp10007", CHARSET_mac_cyrillic }, { "cp10010", CHARSET_mac_romanian },
  { "cp10017", CHARSET_mac_cyrillic }, { "cp10029", CHARSET_mac_central }, { "cp10079", CHARSET_mac_icelandic },
  { "cp10081", CHARSET_mac_turkish }, { "cp10082", CHARSET_mac_croatian }, { "cp1051", CHARSET_hp_roman8 },
  { "cp1125", CHARSET_ibm1125 }, { "cp1200", CHARSET_utf16le }, { "cp12000", CHARSET_utf32 }, { "cp12001", CHARSET_utf32be },
  { "cp1201", CHARSET_utf16be }, { "cp1250", CHARSET_windows1250 }, { "cp1251", CHARSET_windows1251 },
  { "cp1251cyrillic", CHARSET_windows1251 }, { "cp1252", CHARSET_windows1252 }, { "cp1253", CHARSET_windows1253 },
  { "cp1254", CHARSET_windows1254 }, { "cp1255", CHARSET_windows1255 }, { "cp1256", CHARSET_windows1256 },
  { "cp1257", CHARSET_windows1257 }, { "cp1258", CHARSET_windows1258 }, { "cp1363", CHARSET_euckr },
  { "cp154", CHARSET_ptcp154 }, { "cp20866", CHARSET_koi8_r }, { "cp20932", CHARSET_eucjp }, { "cp21866", CHARSET_koi8_u },
  { "cp28591", CHARSET_windows1252 }, { "cp28592", CHARSET_iso8859_2 }, { "cp28593", CHARSET_iso8859_3 },
  { "cp28594", CHARSET_iso8859_4 }, { "cp28595", CHARSET_iso8859_5 }, { "cp28596", CHARSET_iso8859_6 },
  { "cp28597", CHARSET_iso8859_7 }, { "cp28598", CHARSET_iso8859_8 }, { "cp28599", CHARSET_windows1254 },
  { "cp28603", CHARSET_iso8859_13 }, { "cp28605", CHARSET_iso8859_15 }, { "cp38598", CHARSET_iso8859_8 },
  { "cp437", CHARSET_ibm437 }, { "cp50220", CHARSET_iso2022_jp }, { "cp50221", CHARSET_iso2022_jp },
  { "cp50222", CHARSET_iso2022_jp }, { "cp50225", CHARSET_iso2022_kr }, { "cp50227", CHARSET_iso2022_cn },
  { "cp50229", CHARSET_iso2022_cn }, { "cp51932", CHARSET_eucjp }, { "cp51949", CHARSET_euckr }, { "cp52936", CHARSET_hz },
  { "cp54936", CHARSET_gb18030 }, { "cp65000", CHARSET_utf7 }, { "cp65001", CHARSET_utf8 }, { "cp737", CHARSET_ibm737 },
  { "cp775", CHARSET_ibm775 }, { "cp819", CHARSET_windows1252 }, { "cp850", CHARSET_ibm850 }, { "cp852", CHARSET_ibm852 },
  { "cp855", CHARSET_ibm855 }, { "cp856", CHARSET_ibm856 }, { "cp857", CHARSET_ibm857 }, { "cp858", CHARSET_ibm858 },
  { "cp860", CHARSET_ibm860 }, { "cp861", CHARSET_ibm861 }, { "cp862", CHARSET_ibm862 }, { "cp863", CHARSET_ibm863 },
  { "cp864", CHARSET_ibm864 }, { "cp865", CHARSET_ibm865 }, { "cp866", CHARSET_ibm866 }, { "cp866u", CHARSET_ibm1125 },
  { "cp869", CHARSET_ibm869 }, { "cp874", CHARSET_windows874 }, { "cp923", CHARSET_iso8859_15 }, { "cp932", CHARSET_sjis },
  { "cp936", CHARSET_gb18030 }, { "cp942", CHARSET_sjis }, { "cp943", CHARSET_sjis }, { "cp949", CHARSET_euckr },
  { "cp950", CHARSET_big5 }, { "cp951", CHARSET_hkscs }, { "cpgr", CHARSET_ibm869 }, { "cpis", CHARSET_ibm861 },
  { "csbig5", CHARSET_big5 }, { "csbig5hkscs", CHARSET_hkscs }, { "cseuckr", CHARSET_euckr },
  { "cseucpkdfmtjapanese", CHARSET_eucjp }, { "cseuctw", CHARSET_euctw }, { "csgb18030", CHARSET_gb18030 },
  { "csgb2312", CHARSET_gb18030 }, { "csgbk", CHARSET_gb18030 }, { "cshproman8", CHARSET_hp_roman8 },
  { "csibm1125", CHARSET_ibm1125 }, { "csibm437", CHARSET_ibm437 }, { "csibm737", CHARSET_ibm737 },
  { "csibm775", CHARSET_ibm775 }, { "csibm850", CHARSET_ibm850 }, { "csibm852", CHARSET_ibm852 },
  { "csibm855", CHARSET_ibm855 }, { "csibm856", CHARSET_ibm856 }, { "csibm857", CHARSET_ibm857 },
  { "csibm858", CHARSET_ibm858 }, { "csibm860", CHARSET_ibm860 }, { "csibm861", CHARSET_ibm861 },
  { "csibm862", CHARSET_ibm862 }, { "csibm863", CHARSET_ibm863 }, { "csibm864", CHARSET_ibm864 },
  { "csibm865", CHARSET_ibm865 }, { "csibm866", CHARSET_ibm866 }, { "csibm869", CHARSET_ibm869 },
  { "csiso2022cn", CHARSET_iso2022_cn }, { "csiso2022cnext", CHARSET_iso2022_cn }, { "csiso2022jp", CHARSET_iso2022_jp },
  { "csiso2022jp2", CHARSET_iso2022_jp }, { "csiso2022kr", CHARSET_iso2022_kr }, { "csiso58gb231280", CHARSET_gb18030 },
  { "csiso88591", CHARSET_windows1252 }, { "csiso88596e", CHARSET_iso8859_6 }, { "csiso88596i", CHARSET_iso8859_6 },
  { "csiso88598e", CHARSET_iso8859_8 }, { "csiso88598i", CHARSET_iso8859_8 }, { "csisolatin1", CHARSET_windows1252 },
  { "csisolatin2", CHARSET_iso8859_2 }, { "csisolatin3", CHARSET_iso8859_3 }, { "csisolatin4", CHARSET_iso8859_4 },
  { "csisolatin5", CHARSET_windows1254 }, { "csisolatin6", CHARSET_iso8859_10 }, { "csisolatin9", CHARSET_iso8859_15 },
  { "csisolatinarabic", CHARSET_iso8859_6 }, { "csisolatincyrillic", CHARSET_iso8859_5 },
  { "csisolatingreek", CHARSET_iso8859_7 }, { "csisolatinhebrew", CHARSET_iso8859_8 }, { "cskoi8r", CHARSET_koi8_r },
  { "cskoi8u", CHARSET_koi8_u }, { "csksc56011987", CHARSET_euckr }, { "cskz1048", CHARSET_kz1048 },
  { "csmacintosh", CHARSET_macintosh }, { "cspc775baltic", CHARSET_ibm775 }, { "cspc850multilingual", CHARSET_ibm850 },
  { "cspc862latinhebrew", CHARSET_ibm862 }, { "cspc8codepage437", CHARSET_ibm437 }, { "cspcp852", CHARSET_ibm852 },
  { "csptcp154", CHARSET_ptcp154 }, { "csshiftjis", CHARSET_sjis }, { "cstis620", CHARSET_windows874 },
  { "csucs4", CHARSET_utf32 }, { "csunicode", CHARSET_utf16 }, { "csunicode11utf7", CHARSET_utf7 },
  { "csutf16", CHARSET_utf16 }, { "csutf16be", CHARSET_utf16be }, { "csutf16le", CHARSET_utf16le },
  { "csutf32", CHARSET_utf32 }, { "csutf32be", CHARSET_utf32be }, { "csutf32le", CHARSET_utf32 },
  { "csutf7", CHARSET_utf7 }, { "csutf8", CHARSET_utf8 }, { "csviscii", CHARSET_viscii }, { "cswindows31j", CHARSET_sjis },
  { "cyrillic", CHARSET_iso8859_5 }, { "cyrillicasian", CHARSET_ptcp154 }, { "dos1125", CHARSET_ibm1125 },
  { "dos437", CHARSET_ibm437 }, { "dos737", CHARSET_ibm737 }, { "dos775", CHARSET_ibm775 }, { "dos850", CHARSET_ibm850 },
  { "dos852", CHARSET_ibm852 }, { "dos855", CHARSET_ibm855 }, { "dos856", CHARSET_ibm856 }, { "dos857", CHARSET_ibm857 },
  { "dos858", CHARSET_ibm858 }, { "dos860", CHARSET_ibm860 }, { "dos861", CHARSET_ibm861 }, { "dos862", CHARSET_ibm862 },
  { "dos863", CHARSET_ibm863 }, { "dos864", CHARSET_ibm864 }, { "dos865", CHARSET_ibm865 }, { "dos866", CHARSET_ibm866 },
  { "dos869", CHARSET_ibm869 }, { "dos874", CHARSET_windows874 }, { "ecma114", CHARSET_iso8859_6 },
  { "ecma118", CHARSET_iso8859_7 }, { "elot928", CHARSET_iso8859_7 }, { "euccn", CHARSET_gb18030 },
  { "eucgb2312cn", CHARSET_gb18030 }, { "eucjis2004", CHARSET_eucjp }, { "eucjisx0213", CHARSET_eucjp },
  { "eucjp", CHARSET_eucjp }, { "eucjpms", CHARSET_eucjp }, { "eucjpopen", CHARSET_eucjp }, { "eucjpwin", CHARSET_eucjp },
  { "euckr", CHARSET_euckr }, { "euctw", CHARSET_euctw }, { "gb18030", CHARSET_gb18030 },
  { "gb180302000", CHARSET_gb18030 }, { "gb2312", CHARSET_gb18030 }, { "gb23121980", CHARSET_gb18030 },
  { "gb231280", CHARSET_gb18030 }, { "gbk", CHARSET_gb18030 }, { "gbk2k", CHARSET_gb18030 },
  { "georgianps", CHARSET_georgian_ps }, { "greek", CHARSET_iso8859_7 }, { "greek8", CHARSET_iso8859_7 },
  { "hebrew", CHARSET_iso8859_8 }, { "hkscs", CHARSET_hkscs }, { "hproman8", CHARSET_hp_roman8 }, { "hz", CHARSET_hz },
  { "hzgb", CHARSET_hz }, { "hzgb2312", CHARSET_hz }, { "ibm1051", CHARSET_hp_roman8 }, { "ibm1125", CHARSET_ibm1125 },
  { "ibm437", CHARSET_ibm437 }, { "ibm737", CHARSET_ibm737 }, { "ibm775", CHARSET_ibm775 },
  { "ibm819", CHARSET_windows1252 }, { "ibm850", CHARSET_ibm850 }, { "ibm852", CHARSET_ibm852 },
  { "ibm855", CHARSET_ibm855 }, { "ibm856", CHARSET_ibm856 }, { "ibm857", CHARSET_ibm857 }, { "ibm858", CHARSET_ibm858 },
  { "ibm860", CHARSET_ibm860 }, { "ibm861", CHARSET_ibm861 }, { "ibm862", CHARSET_ibm862 }, { "ibm863", CHARSET_ibm863 },
  { "ibm864", CHARSET_ibm864 }, { "ibm865", CHARSET_ibm865 }, { "ibm866", CHARSET_ibm866 }, { "ibm869", CHARSET_ibm869 },
  { "ibm874", CHARSET_windows874 }, { "ibm923", CHARSET_iso8859_15 }, { "ibm932", CHARSET_sjis },
  { "ibm943", CHARSET_sjis }, { "ibm949", CHARSET_euckr }, { "iso10646ucs2", CHARSET_utf16 },
  { "iso10646ucs4", CHARSET_utf32 }, { "iso2022cn", CHARSET_iso2022_cn }, { "iso2022cnext", CHARSET_iso2022_cn },
  { "iso2022jp", CHARSET_iso2022_jp }, { "iso2022jp1", CHARSET_iso2022_jp }, { "iso2022jp2", CHARSET_iso2022_jp },
  { "iso2022jp2004", CHARSET_iso2022_jp }, { "iso2022jp3", CHARSET_iso2022_jp }, { "iso2022jpext", CHARSET_iso2022_jp },
  { "iso2022jpms", CHARSET_iso2022_jp }, { "iso2022jpwin", CHARSET_iso2022_jp }, { "iso2022kr", CHARSET_iso2022_kr },
  { "iso8859", CHARSET_windows1252 }, { "iso88591", CHARSET_windows1252 }, { "iso885910", CHARSET_iso8859_10 },
  { "iso8859101992", CHARSET_iso8859_10 }, { "iso885911", CHARSET_windows874 }, { "iso8859112001", CHARSET_windows874 },
  { "iso885911987", CHARSET_windows1252 }, { "iso885913", CHARSET_iso8859_13 }, { "iso885914", CHARSET_iso8859_14 },
  { "iso8859141998", CHARSET_iso8859_14 }, { "iso885915", CHARSET_iso8859_15 }, { "iso885916", CHARSET_iso8859_16 },
  { "iso8859162001", CHARSET_iso8859_16 }, { "iso88591windows31latin1", CHARSET_windows1252 },
  { "iso88592", CHARSET_iso8859_2 }, { "iso885921987", CHARSET_iso8859_2 }, { "iso88593", CHARSET_iso8859_3 },
  { "iso885931988", CHARSET_iso8859_3 }, { "iso88594", CHARSET_iso8859_4 }, { "iso885941988", CHARSET_iso8859_4 },
  { "iso88595", CHARSET_iso8859_5 }, { "iso885951988", CHARSET_iso8859_5 }, { "iso88596", CHARSET_iso8859_6 },
  { "iso885961987", CHARSET_iso8859_6 }, { "iso88596e", CHARSET_iso8859_6 }, { "iso88596i", CHARSET_iso8859_6 },
  { "iso88597", CHARSET_iso8859_7 }, { "iso885971987", CHARSET_iso8859_7 }, { "iso88598", CHARSET_iso8859_8 },
  { "iso885981988", CHARSET_iso8859_8 }, { "iso88598e", CHARSET_iso8859_8 }, { "iso88598i", CHARSET_iso8859_8 },
  { "iso88599", CHARSET_windows1254 }, { "iso885991989", CHARSET_windows1254 }, { "isoceltic", CHARSET_iso8859_14 },
  { "isoir100", CHARSET_windows1252 }, { "isoir101", CHARSET_iso8859_2 }, { "isoir109", CHARSET_iso8859_3 },
  { "isoir110", CHARSET_iso8859_4 }, { "isoir126", CHARSET_iso8859_7 }, { "isoir127", CHARSET_iso8859_6 },
  { "isoir138", CHARSET_iso8859_8 }, { "isoir144", CHARSET_iso8859_5 }, { "isoir148", CHARSET_windows1254 },
  { "isoir149", CHARSET_euckr }, { "isoir157", CHARSET_iso8859_10 }, { "isoir166", CHARSET_windows874 },
  { "isoir179", CHARSET_iso8859_13 }, { "isoir199", CHARSET_iso8859_14 }, { "isoir226", CHARSET_iso8859_16 },
  { "isoir58", CHARSET_gb18030 }, { "jis", CHARSET_iso2022_jp }, { "jis7", CHARSET_iso2022_jp },
  { "jis8", CHARSET_iso2022_jp }, { "jisx0213", CHARSET_eucjp }, { "koi", CHARSET_koi8_r }, { "koi8", CHARSET_koi8_r },
  { "koi8r", CHARSET_koi8_r }, { "koi8ru", CHARSET_koi8_u }, { "koi8t", CHARSET_koi8_t }, { "koi8u", CHARSET_koi8_u },
  { "korean", CHARSET_euckr }, { "ksc5601", CHARSET_euckr }, { "ksc56011987", CHARSET_euckr },
  { "ksc56011989", CHARSET_euckr }, { "ksx1001", CHARSET_euckr }, { "kz1048", CHARSET_kz1048 },
  { "l1", CHARSET_windows1252 }, { "l10", CHARSET_iso8859_16 }, { "l2", CHARSET_iso8859_2 }, { "l3", CHARSET_iso8859_3 },
  { "l4", CHARSET_iso8859_4 }, { "l5", CHARSET_windows1254 }, { "l6", CHARSET_iso8859_10 }, { "l7", CHARSET_iso8859_13 },
  { "l8", CHARSET_iso8859_14 }, { "l9", CHARSET_iso8859_15 }, { "latin", CHARSET_windows1252 },
  { "latin0", CHARSET_iso8859_15 }, { "latin1", CHARSET_windows1252 }, { "latin10", CHARSET_iso8859_16 },
  { "latin2", CHARSET_iso8859_2 }, { "latin3", CHARSET_iso8859_3 }, { "latin4", CHARSET_iso8859_4 },
  { "latin5", CHARSET_windows1254 }, { "latin6", CHARSET_iso8859_10 }, { "latin7", CHARSET_iso8859_13 },
  { "latin8", CHARSET_iso8859_14 }, { "latin9", CHARSET_iso8859_15 }, { "logical", CHARSET_iso8859_8 },
  { "mac", CHARSET_macintosh }, { "macce", CHARSET_mac_central }, { "maccenteuro", CHARSET_mac_central },
  { "maccentraleurope", CHARSET_mac_central }, { "maccroatian", CHARSET_mac_croatian },
  { "maccyrillic", CHARSET_mac_cyrillic }, { "macgreek", CHARSET_mac_greek }, { "maciceland", CHARSET_mac_icelandic },
  { "macintosh", CHARSET_macintosh }, { "macis", CHARSET_mac_icelandic }, { "maclatin2", CHARSET_mac_central },
  { "macroman", CHARSET_macintosh }, { "macromania", CHARSET_mac_romanian }, { "macromanian", CHARSET_mac_romanian },
  { "macturkish", CHARSET_mac_turkish }, { "macuk", CHARSET_mac_cyrillic }, { "macukrainian", CHARSET_mac_cyrillic },
  { "ms874", CHARSET_windows874 }, { "ms932", CHARSET_sjis }, { "ms936", CHARSET_gb18030 }, { "ms949", CHARSET_euckr },
  { "ms950", CHARSET_big5 }, { "msansi", CHARSET_windows1252 }, { "msarab", CHARSET_windows1256 },
  { "mscyrl", CHARSET_windows1251 }, { "msee", CHARSET_windows1250 }, { "msgreek", CHARSET_windows1253 },
  { "mshebr", CHARSET_windows1255 }, { "mskanji", CHARSET_sjis }, { "msturk", CHARSET_windows1254 },
  { "pcmultilingual850euro", CHARSET_ibm858 }, { "pt154", CHARSET_ptcp154 }, { "ptcp154", CHARSET_ptcp154 },
  { "r8", CHARSET_hp_roman8 }, { "rk1048", CHARSET_kz1048 }, { "roman8", CHARSET_hp_roman8 }, { "ruscii", CHARSET_ibm1125 },
  { "shiftjis", CHARSET_sjis }, { "shiftjis2004", CHARSET_sjis }, { "shiftjisx0213", CHARSET_sjis },
  { "sjis", CHARSET_sjis }, { "sjis2004", CHARSET_sjis }, { "sjisopen", CHARSET_sjis }, { "sjiswin", CHARSET_sjis },
  { "sjisx0213", CHARSET_sjis }, { "strk10482002", CHARSET_kz1048 }, { "suneugreek", CHARSET_iso8859_7 },
  { "tcvn", CHARSET_tcvn }, { "tcvn5712", CHARSET_tcvn }, { "tcvn57121", CHARSET_tcvn }, { "tcvn571211993", CHARSET_tcvn },
  { "thai", CHARSET_windows874 }, { "thai8", CHARSET_windows874 }, { "tis620", CHARSET_windows874 },
  { "tis6200", CHARSET_windows874 }, { "tis62025290", CHARSET_windows874 }, { "tis62025291", CHARSET_windows874 },
  { "tis6202533", CHARSET_windows874 }, { "u16", CHARSET_utf16 }, { "u32", CHARSET_utf32 }, { "u7", CHARSET_utf7 },
  { "u8", CHARSET_utf8 }, { "ucs2", CHARSET_utf16 }, { "ucs2be", CHARSET_utf16be }, { "ucs2le", CHARSET_utf16le },
  { "ucs4", CHARSET_utf32 }, { "ucs4be", CHARSET_utf32be }, { "ucs4le", CHARSET_utf32 }, { "uhc", CHARSET_euckr },
  { "ujis", CHARSET_eucjp }, { "unicode", CHARSET_utf16 }, { "unicode11utf7", CHARSET_utf7 },
  { "unicode11utf8", CHARSET_utf8 }, { "unicode20utf7", CHARSET_utf7 }, { "unicode20utf8", CHARSET_utf8 },
  { "unicodebig", CHARSET_utf16be }, { "unicodebigunmarked", CHARSET_utf16be }, { "unicodefeff", CHARSET_utf16le },
  { "unicodefffe", CHARSET_utf16be }, { "unicodelittle", CHARSET_utf16le }, { "unicodelittleunmarked", CHARSET_utf16le },
  { "utf", CHARSET_utf8 }, { "utf16", CHARSET_utf16 }, { "utf16be", CHARSET_utf16be }, { "utf16le", CHARSET_utf16le },
  { "utf32", CHARSET_utf32 }, { "utf32be", CHARSET_utf32be }, { "utf32le", CHARSET_utf32 }, { "utf7", CHARSET_utf7 },
  { "utf8", CHARSET_utf8 }, { "utf8mb4", CHARSET_utf8 }, { "utf8n", CHARSET_utf8 }, { "utf8sig", CHARSET_utf8 },
  { "utf8ucs2", CHARSET_utf8 }, { "utf8ucs4", CHARSET_utf8 }, { "viscii", CHARSET_viscii }, { "viscii111", CHARSET_viscii },
  { "visual", CHARSET_iso8859_8 }, { "west", CHARSET_windows1252 }, { "winbaltrim", CHARSET_windows1257 },
  { "windows1250", CHARSET_windows1250 }, { "windows1251", CHARSET_windows1251 }, { "windows1252", CHARSET_windows1252 },
  { "windows1253", CHARSET_windows1253 }, { "windows1254", CHARSET_windows1254 }, { "windows1255", CHARSET_windows1255 },
  { "windows1256", CHARSET_windows1256 }, { "windows1257", CHARSET_windows1257 }, { "windows1258", CHARSET_windows1258 },
  { "windows31j", CHARSET_sjis }, { "windows874", CHARSET_windows874 }, { "windows932", CHARSET_sjis },
  { "windows936", CHARSET_gb18030 }, { "windows949", CHARSET_euckr }, { "windows950", CHARSET_big5 },
  { "windowslatin1", CHARSET_windows1252 }, { "xmaccentraleuropean", CHARSET_mac_central },
  { "xmaccentraleurroman", CHARSET_mac_central }, { "xmacicelandic", CHARSET_mac_icelandic },
  { "xmacjapanese", CHARSET_sjis }, { "xmackorean", CHARSET_euckr }, { "xmacsimpchinese", CHARSET_gb18030 },
  { "xmactradchinese", CHARSET_big5 }, { "xmscp932", CHARSET_sjis }, { "xsjisjp", CHARSET_sjis },
  { "xviettcvn5712", CHARSET_tcvn }, { "xwindows50220", CHARSET_iso2022_jp }, { "xwindows50221", CHARSET_iso2022_jp },
  { "xwindowsiso2022jp", CHARSET_iso2022_jp }, { "xxbig5", CHARSET_big5 }, { "zhcngb2312", CHARSET_gb18030 },
};
/* clang-format on */

/* The first eight octets as a number, in the order of strcmp; shorter labels are padded with NUL. */
static uint64_t beginning(char const *label)
{
  uint64_t n;
  memcpy(&n, label, sizeof n);
  return be64toh(n);
}

static int find(char const *label, uint64_t wanted)
{
  size_t low = 0, high = sizeof labels / sizeof *labels;
  while (low < high) {
    size_t const middle = (low + high) / 2;
    uint64_t const there = beginning(labels[middle].label);
    int const order = wanted < there ? -1 : wanted > there ? 1 : strcmp(label + 8, labels[middle].label + 8);
    if (!order) return labels[middle].which;
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return -1;
}

#define LABEL_MAX 40 /* octets without punctuation; a longer one is none */
#define LABEL_ROOM (LABEL_MAX + 8)

/* A label that is in the list, or with an x- in front. -1 for none. */
static int find_label(char const *label)
{
  int const which = find(label, beginning(label));
  return which < 0 && *label == 'x' ? find(label + 1, beginning(label + 1)) : which;
}

static size_t starts(char const *s, char const *with)
{
  size_t const n = strlen(with);
  return strncmp(s, with, n) ? 0 : n;
}

/* Labels as people write them; s has LABEL_ROOM octets, NUL behind its end. 0 where there is no other way to read it.
 *
 *   charset=iso-8859-2, 3Diso-8859-2        what is in front goes
 *   win-1251, ansi-1251, microsoft-cp1251   windows-1251, cp1251
 *   windows-28592                           cp28592
 *   8859_2                                  iso-8859-2 */
static int reword(char *s)
{
  static struct {
    char const *from, *to;
    int digit;
  } const words[] = { { "charset", "", 0 }, { "3d", "", 0 }, { "microsoft", "", 0 }, { "windows", "cp", 1 }, { "win", "cp", 1 }, { "ansi", "cp", 1 },
    { "8859", "iso8859", 1 } };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    size_t const from = starts(s, words[i].from), to = strlen(words[i].to);
    if (!from || !s[from] || (words[i].digit && !(s[from] >= '0' && s[from] <= '9'))) continue;
    size_t const len = to + strlen(s + from);
    memmove(s + to, s + from, len - to);
    memcpy(s, words[i].to, to);
    memset(s + len, 0, LABEL_ROOM - len);
    return 1;
  }
  return 0;
}

charset const *charset_find(char const *label, size_t len)
{
  char s[LABEL_ROOM] = "";
  size_t n = 0;
  for (size_t i = 0; i < len; i++) {
    char c = label[i] >= 'A' && label[i] <= 'Z' ? (char)(label[i] | 0x20) : label[i];
    if (c == '/' && i + 1 < len && label[i + 1] == '/') break; /* iconv's //TRANSLIT */
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) continue;
    if (n == LABEL_MAX) return NULL;
    s[n++] = c;
  }
  /* What nearly all mail has. */
  uint64_t const wanted = beginning(s);
  if (wanted == beginning("utf8\0\0\0")) return charset_utf8;
  if (n == 8 && wanted == beginning("iso88591")) return charset_number(CHARSET_windows1252);
  do {
    if (!*s || !strcmp(s, "usascii")) return NULL;
    int const which = find_label(s);
    if (which >= 0) return charset_number(which);
  } while (reword(s));
  return NULL;
}
