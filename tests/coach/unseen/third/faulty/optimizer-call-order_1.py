import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(1)


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(64, 48)
        self.out = nn.Linear(48, 4)

    def forward(self, x):
        return self.out(F.relu(self.hidden(x.flatten(1))))


class Trainer:
    def __init__(self, model, train_set, val_set, lr=0.05):
        self.model = model
        self.train_loader = DataLoader(train_set, batch_size=40, shuffle=True)
        self.val_loader = DataLoader(val_set, batch_size=80)
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)

    def train_step(self, images, labels):
        loss = self.criterion(self.model(images), labels)
        loss.backward()
        self.optimizer.zero_grad()  # coach: optimizer-call-order; fix: self.optimizer.zero_grad()
        self.optimizer.step()
        return loss.item()

    def evaluate(self):
        self.model.eval()
        hits = 0
        with torch.no_grad():
            for images, labels in self.val_loader:
                hits += (self.model(images).argmax(dim=1) == labels).sum().item()
        self.model.train()
        return hits / len(self.val_loader.dataset)

    def fit(self, epochs):
        for epoch in range(1, epochs + 1):  # coach-also: loss-plateau
            losses = [self.train_step(images, labels) for images, labels in self.train_loader]
            print(f"[{epoch}/{epochs}] loss={sum(losses) / len(losses):.4f} acc={self.evaluate():.3f}")


# four blurry 8x8 digits, each copied many times with noise
templates = torch.randn(4, 1, 8, 8)
labels = torch.arange(480) % 4
images = templates[labels] + 1.5 * torch.randn(480, 1, 8, 8)
images = (images - images.mean()) / images.std()
train_set, val_set = random_split(TensorDataset(images, labels), [400, 80])

Trainer(Digits(), train_set, val_set).fit(epochs=5)
