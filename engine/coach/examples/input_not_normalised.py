import gradbook as torch
from gradbook import nn

images = torch.randint(0, 256, (64, 1, 8, 8)).float()  # coach: input-not-normalised; fix: images = torch.randint(0, 256, (64, 1, 8, 8)).float() / 255
labels = torch.randint(0, 2, (64,))
model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
for step in range(5):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(images), labels).backward()
    optimizer.step()
