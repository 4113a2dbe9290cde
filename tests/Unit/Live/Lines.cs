using System.Text;

namespace ArtifactSync.Tests.Live;

/// <summary>Compares sets of lines such that a failed test shows the lines that differ.</summary>
internal static class Lines
{
    public static void AssertSame(string what, IEnumerable<string> recorded, IEnumerable<string> ours)
    {
        List<string> expected = [.. recorded];
        List<string> actual = [.. ours];
        if (expected.SequenceEqual(actual, StringComparer.Ordinal))
        {
            return;
        }

        var report = new StringBuilder(what);
        foreach (string line in expected.Except(actual, StringComparer.Ordinal))
        {
            report.Append("\n  recorded, not here: ").Append(line);
        }

        foreach (string line in actual.Except(expected, StringComparer.Ordinal))
        {
            report.Append("\n  here, not recorded: ").Append(line);
        }

        Assert.Fail(expected.Order(StringComparer.Ordinal).SequenceEqual(actual.Order(StringComparer.Ordinal), StringComparer.Ordinal)
            ? report.Append("\n  other order").ToString()
            : report.ToString());
    }
}
