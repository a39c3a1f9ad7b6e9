import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

# %%
torch.manual_seed(77)


class VisionNet(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 12, 3, stride=2, padding=1), nn.ReLU(),
                                      nn.Conv2d(12, 24, 3, stride=2, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.fc = nn.Linear(24, n_classes)

    def forward(self, x):
        return self.fc(self.backbone(x))


# %% data: three hues
labels = torch.randint(0, 3, (150,))
pixels = torch.randn(150, 3, 12, 12) + 1.5 * F.one_hot(labels, 3).float().view(150, 3, 1, 1)
pixels = (pixels - pixels.mean()) / pixels.std()

# %% load the pretrained net, put a new head on, freeze
source = VisionNet(10)
model = VisionNet(10)
model.load_state_dict(source.state_dict())
model.fc = nn.Linear(24, 3)
for p in model.parameters():  # coach: nothing-requires-grad; fix: model.backbone.parameters()
    p.requires_grad = False  # coach-line: nothing-requires-grad

# %% train the head only
opt = torch.optim.Adam(model.fc.parameters(), lr=1e-2)
for epoch in range(12):
    order = torch.randperm(150)
    for idx in order.split(25):
        opt.zero_grad()
        loss = F.cross_entropy(model(pixels[idx]), labels[idx])
        loss.backward()
        opt.step()
    print(f"epoch {epoch}: {loss.item():.3f}")
