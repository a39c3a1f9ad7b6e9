import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class History:
    def __init__(self):
        self.rows = []

    def epoch_end(self, tr):
        self.rows.append((tr.epoch, tr.loss_avg))
        print("epoch %d loss %.4f" % self.rows[-1])


class StepDecay:
    def __init__(self, optimizer, every):
        self.sched = torch.optim.lr_scheduler.StepLR(optimizer, step_size=every, gamma=0.5)

    def epoch_end(self, tr):
        self.sched.step()


class Trainer:
    def __init__(self, model, optimizer, criterion, accumulate=4, callbacks=()):
        self.model, self.optimizer, self.criterion = model, optimizer, criterion
        self.accumulate, self.callbacks = accumulate, callbacks

    def fit(self, loader, epochs):
        for self.epoch in range(epochs):
            self.model.train()
            total = 0.0
            self.optimizer.zero_grad()
            for i, (x, y) in enumerate(loader, 1):
                loss = self.criterion(self.model(x), y)
                (loss / self.accumulate).backward()
                total += loss.item()
                if i % self.accumulate == 0 or i == len(loader):
                    nn.utils.clip_grad_norm_(self.model.parameters(), 2.0)
                    self.optimizer.step()
                    self.optimizer.zero_grad()
            self.loss_avg = total / len(loader)
            for cb in self.callbacks:
                cb.epoch_end(self)


torch.manual_seed(15)
y = torch.randint(0, 3, (192,))
x = torch.randn(192, 2, 10, 10)
x[:, 0] += (y.float().view(-1, 1, 1) - 1) * 0.8
x = (x - x.mean((0, 2, 3), keepdim=True)) / x.std((0, 2, 3), keepdim=True)
loader = DataLoader(TensorDataset(x, y), batch_size=8, shuffle=True)
model = nn.Sequential(nn.Conv2d(2, 12, 3, padding=1), nn.GroupNorm(3, 12), nn.ReLU(), nn.MaxPool2d(2),
                      nn.Conv2d(12, 16, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 3))
opt = torch.optim.AdamW(model.parameters(), lr=6e-3)
Trainer(model, opt, nn.CrossEntropyLoss(), 4, [History(), StepDecay(opt, 4)]).fit(loader, 8)
