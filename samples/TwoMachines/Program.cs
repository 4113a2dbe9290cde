// Two machines, one shared folder: each imports its own transcripts, both exchange, both end with the same sessions.
using TwoMachines;

var root = Directory.CreateTempSubdirectory("two-machines-").FullName;
try
{
    var share = Path.Combine(root, "share");
    var laptop = new Machine("laptop", root);
    var desktop = new Machine("desktop", root);
    laptop.Write("1111aaaa-0000-4000-8000-000000000001", "How do I rotate a log file?", "Use logrotate with copytruncate.");
    laptop.Write("1111aaaa-0000-4000-8000-000000000002", "Why is the disk full?", "The core dumps of last night fill /var.");
    desktop.Write("2222bbbb-0000-4000-8000-000000000001", "Which job failed?", "backup-nightly: exit code 75.");

    // The second round brings to the first machine what the second one published after it.
    foreach (var machine in (Machine[])[laptop, desktop, laptop])
    {
        await machine.ExchangeAsync(share);
    }
    // Nothing new: nothing is sent, received or imported.
    await laptop.ExchangeAsync(share);

    laptop.PrintSessions();
    desktop.PrintSessions();
    var (a, b) = (laptop.SessionKeys(), desktop.SessionKeys());
    Console.WriteLine(a.SequenceEqual(b, StringComparer.Ordinal)
        ? $"converged: both archives hold the same {a.Count} sessions"
        : "NOT converged");
    return a.SequenceEqual(b, StringComparer.Ordinal) ? 0 : 1;
}
finally
{
    Directory.Delete(root, recursive: true);
}
