namespace ArtifactSync.Tests.Live;

/// <summary>What happened to the importer itself between two syncs of a fault case.</summary>
internal static class FaultInterventions
{
    public static void Before(FaultStep step, Machine machine, OwnSessions own)
    {
        switch (step.Case, step.Json.Text("do"))
        {
            case (var name, "after loss") when name.StartsWith("local-store-lost", StringComparison.Ordinal):
                Directory.Delete(machine.Artifacts, recursive: true);
                break;
            case (var name, "after loss") when name.StartsWith("database-lost", StringComparison.Ordinal):
                foreach (string file in Directory.EnumerateFiles(machine.Folder, "archive.db*"))
                {
                    File.Delete(file);
                }

                own.Forget();
                break;
            case ("local-bit-rot", "manifest appeared, blob damaged"):
                Damage(Directory.EnumerateFiles(Path.Combine(machine.Artifacts, "delta-445566", "segments"), "ed1ec1*").Single());
                break;
        }
    }

    /// <summary>Bits rot: neither size nor time tell.</summary>
    private static void Damage(string file)
    {
        DateTime time = File.GetLastWriteTimeUtc(file);
        byte[] bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 0x55;
        RecordedTree.AllowWrite(file);
        File.WriteAllBytes(file, bytes);
        File.SetLastWriteTimeUtc(file, time);
    }
}
