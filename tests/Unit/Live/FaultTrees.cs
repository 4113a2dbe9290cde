using System.Text.Json;
using System.Text.RegularExpressions;

namespace ArtifactSync.Tests.Live;

/// <summary>What a fault step left in folders and stores.</summary>
internal static partial class FaultTrees
{
    /// <summary>What became of the files of other origins: <c>+</c> new, <c>~</c> changed, <c>-</c> removed.</summary>
    public static void AssertChanges(FaultStep step, RecordedTree before, RecordedTree after, string importer)
    {
        IEnumerable<string> changes = before.Files.Keys.Union(after.Files.Keys)
            .Where(p => !p.StartsWith(importer + "/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(p => Change(p, before, after))
            .OfType<string>();
        Lines.AssertSame($"{step.Name}: changes of the folder", step.Json.Texts("folder_changes"), changes);
    }

    /// <summary>The members that only some cases have.</summary>
    public static void AssertMember(FaultStep step, JsonProperty member, RecordedTree last, RecordedTree share, Machine machine)
    {
        switch (member.Name)
        {
            case "tree":
            case "tree_after":
                AssertTree(step, member.Value, share);
                break;
            case "store":
                using (ArchiveSql sql = machine.Open())
                {
                    Lines.AssertSame($"{step.Name}: store", Texts(member.Value), ImportState.StoreNames(sql));
                }

                break;
            case "same_names":
                Lines.AssertSame($"{step.Name}: {member.Name}", Texts(member.Value), share.Files.Keys.Intersect(last.Files.Keys));
                break;
            case "only_old":
                Lines.AssertSame($"{step.Name}: {member.Name}", Texts(member.Value), last.Files.Keys.Except(share.Files.Keys));
                break;
            case "only_new":
                Lines.AssertSame($"{step.Name}: {member.Name}", Texts(member.Value), share.Files.Keys.Except(last.Files.Keys));
                break;
            default:
                Assert.Fail($"{step.Name}: the member '{member.Name}' is not understood");
                break;
        }
    }

    private static void AssertTree(FaultStep step, JsonElement recorded, RecordedTree share)
    {
        List<string> expected = FaultExceptions.Trees.GetValueOrDefault((step.Case, step.Index))?.ToList() ?? Texts(recorded);
        bool all = expected.Any(p => !p.Contains("/checkpoints/", StringComparison.Ordinal));
        Func<string, string> shape = FaultExceptions.InventedSessions.Contains(step.Case) ? WithoutHashes : WithoutTemporaryNames;
        IEnumerable<string> actual = share.Files.Keys.Where(p => all || p.Contains("/checkpoints/", StringComparison.Ordinal));
        Lines.AssertSame($"{step.Name}: tree", expected.Select(shape).Distinct(), actual.Select(shape).Distinct());
    }

    private static string? Change(string path, RecordedTree before, RecordedTree after)
    {
        bool old = before.Files.TryGetValue(path, out string? first);
        bool now = after.Files.TryGetValue(path, out string? second);
        return (old, now) switch
        {
            (false, _) => "+ " + path,
            (_, false) => "- " + path,
            _ => File.ReadAllBytes(first!).AsSpan().SequenceEqual(File.ReadAllBytes(second!)) ? null : "~ " + path,
        };
    }

    private static List<string> Texts(JsonElement list) => [.. list.EnumerateArray().Select(t => t.GetString()!)];

    private static string WithoutTemporaryNames(string path) => Temporary().Replace(path, ".tmp-<16 hex>");

    private static string WithoutHashes(string path) => Hash().Replace(WithoutTemporaryNames(path), "<hash>");

    [GeneratedRegex(@"\.tmp-[0-9a-f]{16}$", RegexOptions.None, 1000)]
    private static partial Regex Temporary();

    [GeneratedRegex("[0-9a-f]{64}", RegexOptions.None, 1000)]
    private static partial Regex Hash();
}
