namespace ArtifactSync.Tests.Transcripts;

public sealed class NameTests
{
    private const string Leaf = """{"type":"summary","summary":"About this","leafUuid":"s-user-1"}""" + "\n";
    private const string Other = """{"type":"summary","summary":"About another","leafUuid":"elsewhere"}""" + "\n";
    private const string Made = """{"type":"ai-title","aiTitle":"Made up","sessionId":"s"}""" + "\n";
    private const string Typed = """{"type":"custom-title","customTitle":"Typed","sessionId":"s"}""" + "\n";
    private const string Renamed =
        """{"type":"system","content":"<command-name>/rename</command-name><command-args>Renamed</command-args>"}""" + "\n";
    private const string Cleared = """{"type":"system","content":"<command-name>/rename</command-name><command-args></command-args>"}""" + "\n";

    [Theory]
    [InlineData("", "", null)]
    [InlineData(Other, Other, null)]
    [InlineData(Leaf, "", "About this")]
    [InlineData("", Leaf, "About this")]
    [InlineData(Leaf, Made, "Made up")]
    [InlineData(Typed, Made, "Typed")]
    [InlineData(Typed, Renamed, "Renamed")]
    [InlineData(Made + Renamed, Cleared, "Made up")]
    [InlineData(Renamed, Cleared, null)]
    public void Read_Names_HeaviestAndLastCounts(string before, string after, string? expected)
    {
        using var folder = new TempFolder();

        Reading reading = Reading.Of(folder.Write("p/s.jsonl", before + Some.User("s", 1, "hello") + after));

        Assert.Equal(expected, reading.Session.Name);
    }

    [Theory]
    [InlineData("hello\nworld", "hello world")]
    [InlineData("/clear", "then")]
    [InlineData("/plan with words", "then")]
    [InlineData("/usr/bin is a path", "/usr/bin is a path")]
    [InlineData("<command-name>/review</command-name><command-args>7</command-args>", "then")]
    [InlineData("[Request interrupted by user]", "then")]
    [InlineData("  padded  ", "padded")]
    public void Read_FirstMessage_IsTheFirstRealPrompt(string first, string expected)
    {
        using var folder = new TempFolder();

        Reading reading = Reading.Of(folder.Write("p/s.jsonl", Some.User("s", 1, first) + Some.User("s", 2, "then")));

        Assert.Equal(expected, reading.Row.FirstMessage);
    }

    [Fact]
    public void Read_LongFirstMessage_IsCutAtCharacters()
    {
        using var folder = new TempFolder();

        Reading reading = Reading.Of(folder.Write("p/s.jsonl", Some.User("s", 1, string.Concat(Enumerable.Repeat("😀", 400)))));

        Assert.Equal(string.Concat(Enumerable.Repeat("😀", 300)) + "...", reading.Row.FirstMessage);
    }

    [Theory]
    [InlineData("-Users-alice-code-my-app", "my_app")]
    [InlineData("-home-sam-thing", "thing")]
    [InlineData("-work-other-app", "other_app")]
    [InlineData("plain-name", "plain_name")]
    [InlineData("-tmp", "_tmp")]
    public void FromEncodedFolder_GivesProject(string folder, string expected) =>
        Assert.Equal(expected, ArtifactSync.Transcripts.ProjectName.FromEncodedFolder(folder));

    [Theory]
    [InlineData("/work/app", "main", "app")]
    [InlineData("/work/app/", "", "app")]
    [InlineData("/work/my-app-fix-login", "fix/login", "my_app")]
    [InlineData("C:\\src\\my-app", "main", "my_app")]
    [InlineData("C:\\", "main", "")]
    [InlineData("/", "", "")]
    [InlineData("", "", "")]
    public void FromFolder_GivesProject(string cwd, string branch, string expected) =>
        Assert.Equal(expected, ArtifactSync.Transcripts.ProjectName.FromFolder(cwd, branch));

    [Theory]
    [InlineData("2026-06-01T10:00:05.037Z", "2026-06-01T10:00:05.037Z")]
    [InlineData("2026-06-01T10:00:05.000Z", "2026-06-01T10:00:05Z")]
    [InlineData("2026-06-01T10:00:05.123456789Z", "2026-06-01T10:00:05.123456789Z")]
    [InlineData("2026-06-01T00:30:00+02:00", "2026-05-31T22:30:00Z")]
    [InlineData("2026-06-01T10:00:05", "")]
    [InlineData("2026-02-30T10:00:05Z", "")]
    [InlineData("0000-01-01T00:00:00Z", "")]
    [InlineData("yesterday", "")]
    public void Time_Parse_GivesTextOfRows(string text, string expected) =>
        Assert.Equal(expected, ArtifactSync.Transcripts.TranscriptTime.Parse(System.Text.Encoding.UTF8.GetBytes(text)).ToString());
}
