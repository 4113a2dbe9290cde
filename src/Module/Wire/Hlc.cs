using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ArtifactSync.Wire;

/// <summary>
/// A hybrid logical clock value (spec 8.1): UTC wall time to the nanosecond and a counter. DateTime counts 100 ns, hence
/// seconds and nanoseconds of our own; years 0 to 9999.
/// </summary>
internal readonly record struct Hlc : IComparable<Hlc>
{
    private const int WallLength = 28;
    private const int LogicalDigits = 20;
    private const int TextLength = WallLength + 1 + LogicalDigits;
    private const long SecondsPerDay = 86_400;
    private const long NanosPerSecond = 1_000_000_000;
    private const long UnixTicks = 621_355_968_000_000_000;

    public Hlc(long seconds, int nanos, ulong logical)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nanos);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(nanos, NanosPerSecond);
        (Seconds, Nanos, Logical) = (seconds, nanos, logical);
    }

    /// <summary>Whole seconds since 1970-01-01T00:00:00Z; negative before.</summary>
    public long Seconds { get; }

    /// <summary>0 to 999,999,999.</summary>
    public int Nanos { get; }

    public ulong Logical { get; }

    public static bool operator <(Hlc left, Hlc right) => left.CompareTo(right) < 0;
    public static bool operator >(Hlc left, Hlc right) => left.CompareTo(right) > 0;
    public static bool operator <=(Hlc left, Hlc right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Hlc left, Hlc right) => left.CompareTo(right) >= 0;

    public static Hlc FromTime(DateTimeOffset time, ulong logical = 0)
    {
        (long seconds, long ticks) = Math.DivRem(time.UtcTicks - UnixTicks, TimeSpan.TicksPerSecond);
        return ticks < 0
            ? new Hlc(seconds - 1, (int)((ticks + TimeSpan.TicksPerSecond) * 100), logical)
            : new Hlc(seconds, (int)(ticks * 100), logical);
    }

    public static bool TryParse([NotNullWhen(true)] string? text, out Hlc value)
    {
        value = default;
        if (text is not { Length: TextLength } || text[WallLength] != '-'
            || !TryWall(text.AsSpan(0, WallLength), out long seconds, out int nanos)
            || !ulong.TryParse(text.AsSpan(WallLength + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ulong logical))
        {
            return false;
        }

        value = new Hlc(seconds, nanos, logical);
        return true;
    }

    public int CompareTo(Hlc other)
    {
        int wall = CompareWall(other);
        return wall != 0 ? wall : Logical.CompareTo(other.Logical);
    }

    /// <summary>Compares the wall times alone.</summary>
    public int CompareWall(Hlc other)
    {
        int seconds = Seconds.CompareTo(other.Seconds);
        return seconds != 0 ? seconds : Nanos.CompareTo(other.Nanos);
    }

    /// <summary><c>YYYY-MM-DDThhmmss.nnnnnnnnnZ-LLLLLLLLLLLLLLLLLLLL</c>: text order is time order.</summary>
    public override string ToString()
    {
        (long year, int month, int day, int second) = Civil();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{year:D4}-{month:D2}-{day:D2}T{second / 3600:D2}{second / 60 % 60:D2}{second % 60:D2}.{Nanos:D9}Z-{Logical:D20}");
    }

    /// <summary>The time a soft-deleted session bears (spec 9.7): <c>YYYY-MM-DDThh:mm:ss.mmmZ</c>, truncated.</summary>
    public string ToDeletedAt()
    {
        (long year, int month, int day, int second) = Civil();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{year:D4}-{month:D2}-{day:D2}T{second / 3600:D2}:{second / 60 % 60:D2}:{second % 60:D2}.{Nanos / 1_000_000:D3}Z");
    }

    private static bool TryWall(ReadOnlySpan<char> wall, out long seconds, out int nanos)
    {
        seconds = 0;
        nanos = 0;
        if (wall[4] != '-' || wall[7] != '-' || wall[10] != 'T' || wall[17] is not ('.' or ',') || wall[27] != 'Z'
            || !TryDigits(wall[..4], out int year) || !TryDigits(wall[5..7], out int month) || !TryDigits(wall[8..10], out int day)
            || !TryDigits(wall[11..13], out int hour) || !TryDigits(wall[13..15], out int minute)
            || !TryDigits(wall[15..17], out int second) || !TryFraction(wall[18..27], out nanos)
            || month is < 1 or > 12 || day < 1 || day > DaysIn(year, month) || hour > 23 || minute > 59 || second > 59)
        {
            return false;
        }

        seconds = (DayNumber(year, month, day) * SecondsPerDay) + (hour * 3600) + (minute * 60) + second;
        return true;
    }

    // Original programs read the fraction as a signed number; an event so written is applied there, so it is here.
    private static bool TryFraction(ReadOnlySpan<char> text, out int nanos)
    {
        bool minus = text[0] == '-';
        ReadOnlySpan<char> digits = text[0] is '+' or '-' ? text[1..] : text;
        return TryDigits(digits, out nanos) && !(minus && nanos != 0);
    }

    private static bool TryDigits(ReadOnlySpan<char> text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static bool IsLeap(int year) => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    private static int DaysIn(int year, int month) => month switch
    {
        2 => IsLeap(year) ? 29 : 28,
        4 or 6 or 9 or 11 => 30,
        _ => 31,
    };

    // Days since 1970-01-01 in the proleptic Gregorian calendar; years counted from March so that a leap day comes last.
    private static long DayNumber(int year, int month, int day)
    {
        long shifted = month <= 2 ? year - 1 : year;
        long era = (shifted >= 0 ? shifted : shifted - 399) / 400;
        long yearOfEra = shifted - (era * 400);
        long dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9)) + 2) / 5) + day - 1;
        long dayOfEra = (yearOfEra * 365) + (yearOfEra / 4) - (yearOfEra / 100) + dayOfYear;
        return (era * 146_097) + dayOfEra - 719_468;
    }

    private (long Year, int Month, int Day, int SecondOfDay) Civil()
    {
        long days = Math.DivRem(Seconds, SecondsPerDay, out long secondOfDay);
        if (secondOfDay < 0)
        {
            (days, secondOfDay) = (days - 1, secondOfDay + SecondsPerDay);
        }

        long shifted = days + 719_468;
        long era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097;
        long dayOfEra = shifted - (era * 146_097);
        long yearOfEra = (dayOfEra - (dayOfEra / 1_460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        long dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        int monthFromMarch = (int)(((5 * dayOfYear) + 2) / 153);
        int day = (int)(dayOfYear - (((153 * monthFromMarch) + 2) / 5) + 1);
        int month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
        return (yearOfEra + (era * 400) + (month <= 2 ? 1 : 0), month, day, (int)secondOfDay);
    }
}
