import gradbook as torch
from gradbook import nn

images = torch.randint(0, 256, (64, 1, 12, 12)).float()  # coach: input-not-normalised; fix: .float() / 255
labels = torch.randint(0, 4, (64,))
model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(400, 4))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(2):
    for i in range(0, 64, 16):
        loss = nn.functional.cross_entropy(model(images[i : i + 16]), labels[i : i + 16])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
