import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def setup(m):
    if type(m) is nn.Conv2d:
        nn.init.kaiming_normal_(m.weight)
        m.bias.data.fill_(-15)  # coach: dead-relu; fix: m.bias.data.fill_(0.0)


cnn = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8 * 9, 3))
cnn.apply(setup)
opt = torch.optim.Adam(cnn.parameters(), lr=1e-3)
loss_fn = nn.CrossEntropyLoss()
for images, labels in DataLoader(TensorDataset(torch.rand(40, 1, 8, 8), torch.randint(0, 3, (40,))), batch_size=8):
    opt.zero_grad()
    loss = loss_fn(cnn(images), labels)
    loss.backward()
    opt.step()
