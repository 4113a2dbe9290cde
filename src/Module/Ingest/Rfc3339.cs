using System.Globalization;

namespace ArtifactSync.Ingest;

/// <summary>The few things that ingest must know of a timestamp (RFC 3339 section 5.6, with any fraction).</summary>
internal static class Rfc3339
{
    /// <summary>The year in UTC; false when the text is not an RFC 3339 date-time.</summary>
    public static bool TryGetUtcYear(ReadOnlySpan<char> text, out int year)
    {
        year = 0;
        if (text.Length < 20 || text[10] != 'T' || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':'
            || !Number(text[..4], out var y) || !Number(text[5..7], out var month) || !Number(text[8..10], out var day)
            || !Number(text[11..13], out var hour) || !Number(text[14..16], out var minute) || !Number(text[17..19], out var second)
            || month is < 1 or > 12 || day < 1 || hour > 23 || minute > 59 || second > 59
            || day > DaysInMonth(y, month))
        {
            return false;
        }
        var rest = text[19..];
        if (rest[0] is '.' or ',')
        {
            var digits = rest[1..].IndexOfAnyExceptInRange('0', '9');
            if (digits < 1)
            {
                return false;
            }
            rest = rest[(digits + 1)..];
        }
        if (!TryGetOffsetMinutes(rest, out var offset))
        {
            return false;
        }
        year = UtcYear(y, month, day, (hour * 60) + minute - offset);
        return true;
    }

    private static int UtcYear(int year, int month, int day, int minutes) => minutes switch
    {
        < 0 when month == 1 && day == 1 => year - 1,
        >= 24 * 60 when month == 12 && day == 31 => year + 1,
        _ => year,
    };

    private static bool TryGetOffsetMinutes(ReadOnlySpan<char> text, out int minutes)
    {
        minutes = 0;
        if (text is "Z")
        {
            return true;
        }
        if (text.Length != 6 || text[0] is not ('+' or '-') || text[3] != ':'
            || !Number(text[1..3], out var hour) || !Number(text[4..6], out var minute) || hour > 24 || minute > 60)
        {
            return false;
        }
        minutes = ((hour * 60) + minute) * (text[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool Number(ReadOnlySpan<char> text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static int DaysInMonth(int year, int month) => DateTime.DaysInMonth(year is 0 ? 4 : year, month);
}
