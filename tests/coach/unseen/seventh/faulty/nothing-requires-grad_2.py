import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class Classifier(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
        self.head = nn.Linear(32, classes)

    def forward(self, x):
        return self.head(self.backbone(x))


def fit(model, params, loader, epochs, lr):
    opt = torch.optim.Adam(params, lr=lr)
    for epoch in range(epochs):
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
        print(f"  epoch {epoch} loss {loss.item():.3f}")


def task(n, classes):
    x = torch.randn(n, 20)
    return DataLoader(TensorDataset(x, (x @ torch.randn(20, classes)).argmax(1)), batch_size=64, shuffle=True)


torch.manual_seed(61)
model = Classifier(classes=6)
print("pretraining")
fit(model, model.parameters(), task(640, 6), epochs=2, lr=2e-3)

print("fine-tuning a new head")
model.head = nn.Linear(32, 3)
for p in model.parameters():  # coach: nothing-requires-grad; fix: model.backbone.parameters()
    p.requires_grad_(False)  # coach-line: nothing-requires-grad
fit(model, model.head.parameters(), task(320, 3), epochs=3, lr=5e-3)
