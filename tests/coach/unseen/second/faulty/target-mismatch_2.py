import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(4)
NUM_CLASSES = 3


class FlowerDataset(Dataset):
    def __init__(self, n=150):
        self.species = torch.randint(0, NUM_CLASSES, (n,))
        self.measurements = torch.randn(n, 4) + self.species.unsqueeze(1).float() - 1

    def __len__(self):
        return len(self.species)

    def __getitem__(self, i):
        return self.measurements[i], F.one_hot(self.species[i], NUM_CLASSES)  # coach: target-mismatch


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(4, 10)
        self.l2 = nn.Linear(10, NUM_CLASSES)

    def forward(self, x):
        return self.l2(F.relu(self.l1(x)))


net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(3):
    for x, y in DataLoader(FlowerDataset(), batch_size=15, shuffle=True):
        opt.zero_grad()
        loss = loss_fn(net(x), y)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
# coach-also: dtype-creep
