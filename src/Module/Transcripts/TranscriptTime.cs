using System.Buffers.Text;
using System.Globalization;

namespace ArtifactSync.Transcripts;

/// <summary>
/// A moment with nanoseconds and the text that rows keep: RFC 3339 in UTC, no trailing zeros of the fraction.
/// The default value is "unknown" and comes before everything.
/// </summary>
internal readonly record struct TranscriptTime(long Seconds, int Nanos) : IComparable<TranscriptTime>
{
    public bool IsKnown => this != default;

    public int CompareTo(TranscriptTime other) =>
        Seconds != other.Seconds ? Seconds.CompareTo(other.Seconds) : Nanos.CompareTo(other.Nanos);

    /// <summary>Reads <c>yyyy-MM-ddTHH:mm:ss[.f…](Z|±hh:mm)</c>; everything else is unknown.</summary>
    public static TranscriptTime Parse(ReadOnlySpan<byte> text)
    {
        if (text.Length is < 20 or > 40 || text[4] != '-' || text[7] != '-' || text[10] is not ((byte)'T' or (byte)' ' or (byte)'t')
            || text[13] != ':' || text[16] != ':')
        {
            return default;
        }

        if (!Number(text[..4], out int year) || !Number(text[5..7], out int month) || !Number(text[8..10], out int day)
            || !Number(text[11..13], out int hour) || !Number(text[14..16], out int minute) || !Number(text[17..19], out int second)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || hour > 23 || minute > 59 || second > 59)
        {
            return default;
        }

        ReadOnlySpan<byte> rest = text[19..];
        if (!Fraction(ref rest, out int nanos) || !Offset(rest, out int offsetMinutes))
        {
            return default;
        }

        long ticks = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc).Ticks;
        long seconds = (ticks / TimeSpan.TicksPerSecond) - (offsetMinutes * 60L);
        return seconds is <= 0 or > 315537897599 ? default : new TranscriptTime(seconds, nanos);
    }

    private static bool Number(ReadOnlySpan<byte> digits, out int value) =>
        Utf8Parser.TryParse(digits, out value, out int used) && used == digits.Length && char.IsAsciiDigit((char)digits[0]);

    private static bool Fraction(ref ReadOnlySpan<byte> rest, out int nanos)
    {
        nanos = 0;
        if (rest[0] is not ((byte)'.' or (byte)','))
        {
            return true;
        }

        int count = 0;
        for (int i = 1; i < rest.Length && char.IsAsciiDigit((char)rest[i]); i++, count++)
        {
            if (count < 9)
            {
                nanos = (nanos * 10) + (rest[i] - '0');
            }
        }

        for (int i = count; i < 9; i++)
        {
            nanos *= 10;
        }

        rest = rest[(count + 1)..];
        return count > 0 && !rest.IsEmpty;
    }

    private static bool Offset(ReadOnlySpan<byte> rest, out int minutes)
    {
        minutes = 0;
        if (rest.Length == 1 && rest[0] is (byte)'Z' or (byte)'z')
        {
            return true;
        }

        if (rest.Length != 6 || rest[0] is not ((byte)'+' or (byte)'-') || rest[3] != ':'
            || !Number(rest[1..3], out int hours) || !Number(rest[4..6], out int rems) || hours > 23 || rems > 59)
        {
            return false;
        }

        minutes = ((hours * 60) + rems) * (rest[0] == '-' ? -1 : 1);
        return true;
    }

    /// <summary>The text of rows; empty when unknown.</summary>
    public override string ToString()
    {
        if (!IsKnown)
        {
            return "";
        }

        var time = new DateTime(Seconds * TimeSpan.TicksPerSecond, DateTimeKind.Utc);
        string text = time.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
        return Nanos == 0 ? text + "Z" : $"{text}.{Nanos.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0')}Z";
    }
}
