using ArtifactSync.Bench;

return Runner.Run(args);
