import gradbook as torch
from gradbook import nn

torch.manual_seed(5)
digit = torch.arange(160) % 4
images = torch.randn(160, 1, 12, 12) + 0.5 * digit[:, None, None, None]
images = (images - images.mean()) / images.std()
cnn = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8 * 25, 4))
settings = {"lr": 0.2, "weight_decay": 1e-4}  # coach: learning-rate-too-high; fix: "lr": 0.001
optimizer = torch.optim.AdamW(cnn.parameters(), **settings)
for epoch in range(6):
    for rows in torch.randperm(160).split(16):
        loss = nn.functional.cross_entropy(cnn(images[rows]), digit[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()  # coach-also: update-ratio-high
