import gradbook as torch
from gradbook import nn

torch.manual_seed(2)
rnn = nn.RNN(2, 40, nonlinearity="relu", batch_first=True)
read = nn.Linear(40, 1)
with torch.no_grad():
    rnn.weight_hh_l0.copy_(torch.eye(40))
    rnn.bias_hh_l0.zero_()
    rnn.bias_ih_l0.zero_()
weights = [*rnn.parameters(), *read.parameters()]
sgd = torch.optim.SGD(weights, lr=0.01)
for step in range(20):
    sequence = torch.rand(32, 45, 2) - 0.5
    wanted = sequence[:, :, 0].sum(1, keepdim=True)
    loss = nn.functional.mse_loss(read(rnn(sequence)[0][:, -1]), wanted)
    sgd.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(weights, 0.5)
    sgd.step()
