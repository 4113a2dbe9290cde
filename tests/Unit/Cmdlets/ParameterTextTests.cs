using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;

namespace ArtifactSync.Tests.Cmdlets;

public class ParameterTextTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("7d", 7 * 86_400_000.0)]
    [InlineData("12H", 12 * 3_600_000.0)]
    [InlineData("1.5h", 5_400_000)]
    [InlineData(" 30m ", 1_800_000)]
    [InlineData("45s", 45_000)]
    [InlineData("250ms", 250)]
    [InlineData("00:30:00", 1_800_000)]
    [InlineData("7.00:00:00", 7 * 86_400_000.0)]
    [InlineData("-1d", -86_400_000)]
    public void TryParse_Duration_IsWhatPeopleMean(string text, double milliseconds)
    {
        Assert.True(DurationText.TryParse(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("7")]
    [InlineData("1.5")]
    [InlineData("")]
    [InlineData("d")]
    [InlineData("7 days")]
    [InlineData("1e3s")]
    [InlineData("0x7d")]
    [InlineData("99999999999999d")]
    [InlineData("NaNd")]
    [InlineData("25:99:00")]
    public void TryParse_NoDuration_IsRefused(string text) => Assert.False(DurationText.TryParse(text, out _));

    [Theory]
    [InlineData("2026-03-01T08:00:00+01:00", "2026-03-01T08:00:00+01:00")]
    [InlineData("2026-03-01T08:00:00Z", "2026-03-01T08:00:00+00:00")]
    [InlineData("7d", "2026-04-24T12:00:00+02:00")]
    [InlineData("12h", "2026-05-01T00:00:00+02:00")]
    public void Parse_Moment_CountsBackOrKeepsItsOffset(string text, string expected) =>
        Assert.Equal(expected, MomentTransformationAttribute.Parse(text, new LocalNoon()).ToString("yyyy-MM-ddTHH:mm:sszzz"));

    [Fact]
    public void Parse_DateWithoutOffset_IsLocal()
    {
        var date = new DateTime(2026, 3, 1, 8, 0, 0, DateTimeKind.Local);
        Assert.Equal(new DateTimeOffset(date), MomentTransformationAttribute.Parse("2026-03-01 08:00", new LocalNoon()));
    }

    [Theory]
    [InlineData("7")]
    [InlineData("0")]
    [InlineData("10:30")]
    [InlineData("soon")]
    [InlineData("")]
    [InlineData("-7d")]
    public void Parse_NoMoment_IsRefused(string text) =>
        Assert.Throws<ArgumentTransformationMetadataException>(() => MomentTransformationAttribute.Parse(text, new LocalNoon()));

    [Theory]
    [InlineData("laptop-1a2b3c", "laptop-1a2b3c")]
    [InlineData("/mnt/share/a.b", "/mnt/share/a.b")]
    [InlineData("s3://bucket/prefix", "s3://bucket/prefix")]
    public void Quote_PlainValue_StaysPlain(string value, string expected) => Assert.Equal(expected, ArchiveCompleter.Quote(value));

    [Theory]
    [InlineData("a b", "'a b'")]
    [InlineData("it's", "'it''s'")]
    [InlineData("$x", "'$x'")]
    [InlineData("-Full", "'-Full'")]
    [InlineData("a;b", "'a;b'")]
    [InlineData("", "''")]
    [InlineData("typographic’s", "'typographic’’s'")]
    public void Quote_AnythingElse_CannotBreakOut(string value, string expected) => Assert.Equal(expected, ArchiveCompleter.Quote(value));

    private sealed class LocalNoon : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 5, 1, 10, 0, 0, TimeSpan.Zero);

        public override TimeZoneInfo LocalTimeZone { get; } = TimeZoneInfo.CreateCustomTimeZone("+2", TimeSpan.FromHours(2), "+2", "+2");
    }
}
