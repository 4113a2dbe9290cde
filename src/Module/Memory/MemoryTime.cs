using System.Globalization;

namespace ArtifactSync.Memory;

/// <summary>An instant to the nanosecond, for comparing; texts are stored as received (memory spec 0.4).</summary>
internal readonly record struct MemoryTime(long Seconds, int Nanoseconds) : IComparable<MemoryTime>
{
    private static readonly long s_epoch = DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerSecond;

    public int CompareTo(MemoryTime other) =>
        Seconds != other.Seconds ? Seconds.CompareTo(other.Seconds) : Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary><c>2026-04-27 08:00:00</c>, UTC.</summary>
    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>
    /// Date, space, time and an optional fraction; RFC 3339 with any offset; or a date alone. Anything else is "no time" (null).
    /// </summary>
    public static MemoryTime? Parse(ReadOnlySpan<char> text)
    {
        if (text.Length < 10 || text[4] != '-' || text[7] != '-'
            || !Number(text[..4], out var year) || !Number(text[5..7], out var month) || !Number(text[8..10], out var day)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
        {
            return null;
        }

        var seconds = (new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc).Ticks / TimeSpan.TicksPerSecond) - s_epoch;
        if (text.Length == 10)
        {
            return new MemoryTime(seconds, 0);
        }

        if (text.Length < 19 || text[10] is not (' ' or 'T') || text[13] != ':' || text[16] != ':'
            || !Number(text[11..13], out var hour) || !Number(text[14..16], out var minute) || !Number(text[17..19], out var second)
            || hour > 23 || minute > 59 || second > 59)
        {
            return null;
        }

        var rest = text[19..];
        if (!Fraction(ref rest, out var nanoseconds) || !Offset(rest, hasZone: text[10] == 'T', out var offset))
        {
            return null;
        }

        return new MemoryTime(seconds + (hour * 3600) + (minute * 60) + second - (offset * 60), nanoseconds);
    }

    /// <summary>Whether <paramref name="left"/> is strictly later; a side without a time is later than nothing.</summary>
    public static bool IsLater(string? left, string? right) =>
        Parse(left) is { } a && Parse(right) is { } b && a.CompareTo(b) > 0;

    /// <summary>As <see cref="IsLater"/>, but a time is later than no time (deletion times that may be missing).</summary>
    public static bool IsLaterOrOnly(string? left, string? right) =>
        Parse(left) is { } a && (Parse(right) is not { } b || a.CompareTo(b) > 0);

    /// <summary>The later of both; the first when they tie or the second is no time.</summary>
    public static string Later(string first, string? second) => IsLaterOrOnly(second, first) ? second! : first;

    private static bool Fraction(ref ReadOnlySpan<char> rest, out int nanoseconds)
    {
        nanoseconds = 0;
        if (rest.IsEmpty || rest[0] is not ('.' or ','))
        {
            return true;
        }

        var digits = rest[1..].IndexOfAnyExceptInRange('0', '9');
        digits = digits < 0 ? rest.Length - 1 : digits;
        for (var i = 0; i < 9; i++)
        {
            nanoseconds = (nanoseconds * 10) + (i < digits ? rest[1 + i] - '0' : 0);
        }

        rest = rest[(1 + digits)..];
        return digits > 0;
    }

    private static bool Offset(ReadOnlySpan<char> rest, bool hasZone, out int minutes)
    {
        minutes = 0;
        if (!hasZone || rest is "Z")
        {
            return hasZone || rest.IsEmpty;
        }

        if (rest.Length != 6 || rest[0] is not ('+' or '-') || rest[3] != ':'
            || !Number(rest[1..3], out var hour) || !Number(rest[4..6], out var minute) || hour > 24 || minute > 60)
        {
            return false;
        }

        minutes = ((hour * 60) + minute) * (rest[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool Number(ReadOnlySpan<char> text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
