import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

LEARNING_RATE = 1e-5  # coach: learning-rate-too-low; fix: LEARNING_RATE = 0.01


class Wines(nn.Module):
    def __init__(self, features, kinds):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(features, 64), nn.ReLU())
        self.head = nn.Linear(64, kinds)

    def forward(self, x):
        return self.head(self.body(x))


class Trainer:
    def __init__(self, model):
        self.model = model
        self.optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=0.9, nesterov=True)

    def epoch(self, loader):
        total = 0.0
        for x, y in loader:
            loss = F.cross_entropy(self.model(x), y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            total += loss.item()
        return total / len(loader)


torch.manual_seed(11)
kind = torch.randint(0, 3, (320,))
measured = torch.randn(3, 13)[kind] + 0.7 * torch.randn(320, 13)
loader = DataLoader(TensorDataset(measured, kind), batch_size=32, shuffle=True)
trainer = Trainer(Wines(13, 3))
for epoch in range(8):
    print(epoch, trainer.epoch(loader))
