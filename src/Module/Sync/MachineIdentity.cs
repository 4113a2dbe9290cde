namespace ArtifactSync.Sync;

/// <summary>
/// What tells one machine from another, so that a copied archive is noticed before it publishes under the origin of its
/// original. An id that is not to be had is empty and equals only another empty one.
/// </summary>
public sealed record MachineIdentity(string Host, string MachineId)
{
    public static MachineIdentity Current { get; } = new(Environment.MachineName, ReadMachineId());

    private static string ReadMachineId()
    {
        if (OperatingSystem.IsWindows())
        {
            return Microsoft.Win32.Registry.GetValue(
                @"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Cryptography", "MachineGuid", null) as string ?? "";
        }
        try
        {
            return File.Exists("/etc/machine-id") ? File.ReadAllText("/etc/machine-id").Trim() : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ""; // a container may hide it; the host name still tells
        }
    }
}
