namespace ArtifactSync.Tests.Retention;

/// <summary>What disks and people do to files.</summary>
internal static class Damage
{
    public static void Do(string how, string file)
    {
        switch (how)
        {
            case "flipped":
                var bytes = File.ReadAllBytes(file);
                // In a checkpoint a digit would do for another one: that is a conflict, not damage.
                bytes[bytes[0] == '{' ? 0 : bytes.Length / 2] ^= 1;
                File.WriteAllBytes(file, bytes);
                break;
            case "short":
                using (var stream = File.Open(file, System.IO.FileMode.Open))
                {
                    stream.SetLength(stream.Length / 2);
                }
                break;
            case "missing":
                File.Delete(file);
                break;
            default:
                break;
        }
    }
}
